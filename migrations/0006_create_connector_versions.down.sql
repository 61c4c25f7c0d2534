DROP TABLE connector_checks, connector_versions;
DROP INDEX mcp_connectors_lower_name_idx, mcp_connectors_updated_idx;
ALTER TABLE mcp_connectors
    ALTER COLUMN tools SET STORAGE EXTENDED,
    ALTER COLUMN templates SET STORAGE EXTENDED,
    ALTER COLUMN config SET STORAGE EXTENDED;
ALTER TABLE mcp_connectors
    DROP COLUMN search_text, DROP COLUMN changes_sha256, DROP COLUMN changes, DROP COLUMN definitions_version;
