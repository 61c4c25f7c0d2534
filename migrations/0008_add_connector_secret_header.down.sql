ALTER TABLE mcp_connectors DROP COLUMN secret_header;
