DROP TABLE mcp_server_tools;
DROP FUNCTION announce_server_change;
