-- Some services want to see their key in a header of their own.

ALTER TABLE mcp_connectors ADD COLUMN secret_header varchar(64);

COMMENT ON COLUMN mcp_connectors.secret_header IS 'The header that carries the secret and nothing else; NULL: Authorization, after the word Bearer';
