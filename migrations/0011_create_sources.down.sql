DROP TABLE mcp_server_tool_settings;
DROP FUNCTION announce_servers_of_settings();
-- Nothing else would be left of which template they were made from.
DELETE FROM mcp_server_tools WHERE source_id IS NOT NULL;
ALTER TABLE mcp_server_tools DROP COLUMN source_id;
DROP TABLE mcp_server_bindings;
-- A server without a connector can't be told to the program of before.
DELETE FROM mcp_servers WHERE connector_id IS NULL;
ALTER TABLE mcp_servers DROP COLUMN source_ids;
ALTER TABLE mcp_servers DROP CONSTRAINT mcp_servers_configuration_check;
ALTER TABLE mcp_servers ALTER COLUMN configuration SET NOT NULL;
ALTER TABLE mcp_servers ALTER COLUMN connector_id SET NOT NULL;
DROP TABLE sources;
DROP FUNCTION announce_servers_of_source();
DROP FUNCTION forget_source();
