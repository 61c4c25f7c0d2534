ALTER TABLE mcp_servers DROP COLUMN secret_places;
