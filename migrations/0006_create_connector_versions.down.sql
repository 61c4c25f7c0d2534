DROP TABLE connector_checks, connector_versions;
ALTER TABLE mcp_connectors
    DROP COLUMN search_text, DROP COLUMN changes_sha256, DROP COLUMN changes, DROP COLUMN definitions_version;
DROP INDEX IF EXISTS mcp_connectors_updated_idx;
