-- The catalogue. Everybody signed in reads it; who may change it is the engine's rule, by role.

CREATE TABLE mcp_connectors (
    id uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT mcp_connectors_pkey PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT mcp_connectors_number_key UNIQUE,
    name varchar(255) NOT NULL CONSTRAINT mcp_connectors_name_key UNIQUE,
    description text NOT NULL,
    url text NOT NULL DEFAULT '',
    mcp_url text,
    version varchar(255) NOT NULL DEFAULT '0.0.0',
    tools json NOT NULL DEFAULT '[]',
    tools_count integer NOT NULL DEFAULT 0,
    templates json NOT NULL DEFAULT '[]',
    templates_count integer NOT NULL DEFAULT 0,
    config json,
    definitions_sha256 bytea,
    definitions_fetched_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON COLUMN mcp_connectors.number IS 'The short id that people read and type, and that answers call connector_id';
COMMENT ON COLUMN mcp_connectors.url IS 'Where the definitions come from: a manifest or an MCP endpoint; empty until activated';
COMMENT ON COLUMN mcp_connectors.mcp_url IS 'Where calls go';
COMMENT ON COLUMN mcp_connectors.tools IS 'MCP tool objects as the upstream wrote them: json and not jsonb, which reorders and rewrites';
COMMENT ON COLUMN mcp_connectors.definitions_sha256 IS 'SHA-256 over tools, templates and config, to see a change by';

CREATE TRIGGER mcp_connectors_touch BEFORE UPDATE ON mcp_connectors FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
CREATE TRIGGER mcp_connectors_announce AFTER INSERT OR UPDATE OR DELETE ON mcp_connectors
    FOR EACH ROW EXECUTE FUNCTION announce_change();

CREATE TABLE connector_logos (
    connector_id uuid NOT NULL CONSTRAINT connector_logos_pkey PRIMARY KEY
        CONSTRAINT connector_logos_connector_fkey REFERENCES mcp_connectors ON DELETE CASCADE,
    content_type varchar(100) NOT NULL,
    content bytea NOT NULL CONSTRAINT connector_logos_content_check CHECK (octet_length(content) <= 1048576),
    sha256 bytea NOT NULL
);

GRANT SELECT, INSERT, UPDATE, DELETE ON mcp_connectors, connector_logos TO patchbay_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON mcp_connectors, connector_logos TO patchbay_worker;
