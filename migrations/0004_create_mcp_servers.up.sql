-- Users' MCP servers, the tokens that open them, and their calls.

CREATE TABLE mcp_servers (
    id uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT mcp_servers_pkey PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT mcp_servers_user_fkey REFERENCES users ON DELETE CASCADE,
    name varchar(255) NOT NULL,
    endpoint text NOT NULL CONSTRAINT mcp_servers_endpoint_key UNIQUE,
    connector_id uuid NOT NULL CONSTRAINT mcp_servers_connector_fkey REFERENCES mcp_connectors,
    configuration bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    CONSTRAINT mcp_servers_id_user_key UNIQUE (id, user_id)
);

COMMENT ON COLUMN mcp_servers.endpoint IS 'A URL of the pool, or, without a pool, a path below the public URL. Held until the row is gone, also when soft-deleted';
COMMENT ON COLUMN mcp_servers.configuration IS 'AES-256-GCM over the JSON object as it was given';
COMMENT ON COLUMN mcp_servers.deleted_at IS 'NULL while it is served';

CREATE INDEX mcp_servers_user_idx ON mcp_servers (user_id, created_at DESC, id);
CREATE INDEX mcp_servers_connector_idx ON mcp_servers (connector_id);
CREATE TRIGGER mcp_servers_touch BEFORE UPDATE ON mcp_servers FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
CREATE TRIGGER mcp_servers_announce AFTER INSERT OR UPDATE OR DELETE ON mcp_servers
    FOR EACH ROW EXECUTE FUNCTION announce_change();

CREATE TABLE mcp_server_tokens (
    id uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT mcp_server_tokens_pkey PRIMARY KEY,
    server_id uuid NOT NULL,
    user_id uuid NOT NULL,
    name varchar(255) NOT NULL,
    prefix varchar(20) NOT NULL,
    token_hash bytea NOT NULL CONSTRAINT mcp_server_tokens_hash_key UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    expires_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT mcp_server_tokens_server_fkey FOREIGN KEY (server_id, user_id)
        REFERENCES mcp_servers (id, user_id) ON UPDATE CASCADE ON DELETE CASCADE
);

COMMENT ON COLUMN mcp_server_tokens.token_hash IS 'SHA-256 of the token, which is shown once and not stored';
COMMENT ON COLUMN mcp_server_tokens.user_id IS 'The server''s owner, held to be that by the foreign key, so that row-level security needs no join';

CREATE INDEX mcp_server_tokens_server_idx ON mcp_server_tokens (server_id);
-- Not on last_used_at: being used is no change that a cache must hear of.
CREATE TRIGGER mcp_server_tokens_announce AFTER INSERT OR DELETE OR UPDATE OF revoked_at, expires_at ON mcp_server_tokens
    FOR EACH ROW EXECUTE FUNCTION announce_change();

CREATE TABLE mcp_server_usage (
    server_id uuid NOT NULL CONSTRAINT mcp_server_usage_server_fkey REFERENCES mcp_servers ON DELETE CASCADE,
    user_id uuid NOT NULL CONSTRAINT mcp_server_usage_user_fkey REFERENCES users ON DELETE CASCADE,
    minute timestamptz NOT NULL,
    tool text NOT NULL,
    calls bigint NOT NULL,
    errors bigint NOT NULL,
    total_micros bigint NOT NULL,
    bytes bigint NOT NULL,
    CONSTRAINT mcp_server_usage_pkey PRIMARY KEY (server_id, minute, tool)
);

COMMENT ON TABLE mcp_server_usage IS 'Finished calls by server, tool and minute; written in batches';

CREATE INDEX mcp_server_usage_user_idx ON mcp_server_usage (user_id, minute);

ALTER TABLE mcp_servers ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE mcp_server_tokens ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE mcp_server_usage ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY mcp_servers_own ON mcp_servers TO patchbay_app USING (user_id = current_user_id());
CREATE POLICY mcp_servers_worker ON mcp_servers TO patchbay_worker USING (true);
CREATE POLICY mcp_servers_owner ON mcp_servers TO CURRENT_USER USING (true);
CREATE POLICY mcp_server_tokens_own ON mcp_server_tokens TO patchbay_app USING (user_id = current_user_id());
CREATE POLICY mcp_server_tokens_worker ON mcp_server_tokens TO patchbay_worker USING (true);
CREATE POLICY mcp_server_tokens_owner ON mcp_server_tokens TO CURRENT_USER USING (true);
CREATE POLICY mcp_server_usage_own ON mcp_server_usage FOR SELECT TO patchbay_app USING (user_id = current_user_id());
CREATE POLICY mcp_server_usage_worker ON mcp_server_usage TO patchbay_worker USING (true);
CREATE POLICY mcp_server_usage_owner ON mcp_server_usage TO CURRENT_USER USING (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON mcp_servers, mcp_server_tokens TO patchbay_app;
GRANT SELECT ON mcp_server_usage TO patchbay_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON mcp_servers, mcp_server_tokens, mcp_server_usage TO patchbay_worker;
