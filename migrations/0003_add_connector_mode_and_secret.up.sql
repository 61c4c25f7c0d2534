-- A connector from before keeps working as it did: its definitions follow the upstream.

ALTER TABLE mcp_connectors
    ADD COLUMN mode varchar(20) NOT NULL DEFAULT 'sync'
        CONSTRAINT mcp_connectors_mode_check CHECK (mode IN ('deactive', 'sync', 'active')),
    ADD COLUMN secret bytea;

COMMENT ON COLUMN mcp_connectors.mode IS 'deactive: listed, never called. sync: definitions follow the upstream. active: definitions are pinned';
COMMENT ON COLUMN mcp_connectors.secret IS 'AES-256-GCM; sent to the connector as a bearer token, never returned';

CREATE INDEX mcp_connectors_mode_idx ON mcp_connectors (mode);
