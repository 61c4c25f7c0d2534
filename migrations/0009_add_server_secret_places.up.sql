-- What was secret in a configuration stays so, whatever its connector's schema says later.

ALTER TABLE mcp_servers ADD COLUMN secret_places json;

COMMENT ON COLUMN mcp_servers.secret_places IS 'JSON pointers into the configuration: what was secret when it was sealed. NULL: nobody noted it, and only the schema of today says. As json, because a key may hold what text can''t';
