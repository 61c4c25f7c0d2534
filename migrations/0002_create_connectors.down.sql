DROP TABLE connector_logos, mcp_connectors;
