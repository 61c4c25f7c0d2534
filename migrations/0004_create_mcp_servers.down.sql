DROP TABLE mcp_server_usage, mcp_server_tokens, mcp_servers;
