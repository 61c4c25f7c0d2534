-- Loses every connector's mode and secret.
ALTER TABLE mcp_connectors DROP COLUMN secret, DROP COLUMN mode;
