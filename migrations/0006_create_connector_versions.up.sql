-- Every accepted version of a connector's definitions, and what its service says that nobody has accepted yet.

ALTER TABLE mcp_connectors
    ADD COLUMN definitions_version integer NOT NULL DEFAULT 0,
    ADD COLUMN changes varchar(10)
        CONSTRAINT mcp_connectors_changes_check CHECK (changes IN ('waiting', 'refused')),
    ADD COLUMN changes_sha256 bytea,
    ADD COLUMN search_text text NOT NULL GENERATED ALWAYS AS (lower(name || E'\n' || description)) STORED;

COMMENT ON COLUMN mcp_connectors.definitions_version IS 'Number of the version in force; 0 before the first';
COMMENT ON COLUMN mcp_connectors.changes IS 'waiting: the service now says something else than what is pinned, and a superuser has to look at it. refused: they did, and kept what is pinned';
COMMENT ON COLUMN mcp_connectors.changes_sha256 IS 'What those changes are, so that a new difference is told from one that was seen';
COMMENT ON COLUMN mcp_connectors.search_text IS 'What a search looks through';

-- A search reads all rows: definitions of any size stand beside them, uncompressed.
ALTER TABLE mcp_connectors
    ALTER COLUMN tools SET STORAGE EXTERNAL,
    ALTER COLUMN templates SET STORAGE EXTERNAL,
    ALTER COLUMN config SET STORAGE EXTERNAL;

CREATE INDEX mcp_connectors_updated_idx ON mcp_connectors (updated_at, id);
CREATE INDEX mcp_connectors_lower_name_idx ON mcp_connectors (lower(name), id);

CREATE TABLE connector_versions (
    connector_id uuid NOT NULL CONSTRAINT connector_versions_connector_fkey REFERENCES mcp_connectors ON DELETE CASCADE,
    number integer NOT NULL CONSTRAINT connector_versions_number_check CHECK (number > 0),
    origin varchar(10) NOT NULL CONSTRAINT connector_versions_origin_check
        CHECK (origin IN ('activated', 'accepted', 'synced', 'pinned', 'restored', 'imported')),
    url text NOT NULL,
    mcp_url text,
    version varchar(255) NOT NULL,
    tools json NOT NULL,
    tools_count integer NOT NULL,
    templates json NOT NULL,
    templates_count integer NOT NULL,
    config json,
    definitions_sha256 bytea NOT NULL,
    note text,
    created_by uuid CONSTRAINT connector_versions_user_fkey REFERENCES users ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT connector_versions_pkey PRIMARY KEY (connector_id, number)
);

COMMENT ON COLUMN connector_versions.origin IS 'How it came into force';
COMMENT ON COLUMN connector_versions.created_by IS 'NULL when the server followed the service by itself, or when the account is gone';

INSERT INTO connector_versions (connector_id, number, origin, url, mcp_url, version, tools, tools_count, templates,
                                templates_count, config, definitions_sha256, created_at)
SELECT id, 1, 'activated', url, mcp_url, version, tools, tools_count, templates, templates_count, config,
       definitions_sha256, COALESCE(definitions_fetched_at, updated_at)
FROM mcp_connectors WHERE definitions_sha256 IS NOT NULL;

UPDATE mcp_connectors SET definitions_version = 1 WHERE definitions_sha256 IS NOT NULL;

CREATE TABLE connector_checks (
    connector_id uuid NOT NULL CONSTRAINT connector_checks_pkey PRIMARY KEY
        CONSTRAINT connector_checks_connector_fkey REFERENCES mcp_connectors ON DELETE CASCADE,
    checked_at timestamptz NOT NULL,
    begun bigint NOT NULL DEFAULT 0,
    ended bigint NOT NULL DEFAULT 0,
    folded integer NOT NULL DEFAULT 0,
    error text,
    found_at timestamptz,
    url text,
    mcp_url text,
    version varchar(255),
    tools json,
    templates json,
    config json,
    definitions_sha256 bytea,
    note text,
    decided_by uuid CONSTRAINT connector_checks_user_fkey REFERENCES users ON DELETE SET NULL,
    decided_at timestamptz
);

COMMENT ON TABLE connector_checks IS 'When each connector''s service was last asked for its definitions, and what it says where that differs from what is in force';
COMMENT ON COLUMN connector_checks.checked_at IS 'When the last check began, here or in another process';
COMMENT ON COLUMN connector_checks.begun IS 'How many checks have begun. The last one counts, whatever anybody''s clock says';
COMMENT ON COLUMN connector_checks.ended IS 'The last check that ended, counted in the same way';
COMMENT ON COLUMN connector_checks.folded IS 'How many changes the audit log doesn''t have a row of their own for yet, because there were so many';
COMMENT ON COLUMN connector_checks.error IS 'Why the last check failed';
COMMENT ON COLUMN connector_checks.found_at IS 'When this difference was first seen';
COMMENT ON COLUMN connector_checks.note IS 'What the superuser said who refused it';

CREATE INDEX connector_checks_checked_idx ON connector_checks (checked_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON connector_versions, connector_checks TO patchbay_app, patchbay_worker;
