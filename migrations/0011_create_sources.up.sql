-- Users' sources, and MCP servers that are made from any number of them.

CREATE TABLE sources (
    id uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT sources_pkey PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT sources_user_fkey REFERENCES users ON DELETE CASCADE,
    type varchar(100) NOT NULL,
    name varchar(255),
    source_metadata jsonb NOT NULL DEFAULT '{}',
    sealed_metadata bytea NOT NULL,
    secret_places json NOT NULL DEFAULT '[]',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT sources_id_user_key UNIQUE (id, user_id)
);

COMMENT ON COLUMN sources.type IS 'The name of the connector that it is a use of, whether there is one yet or not';
COMMENT ON COLUMN sources.source_metadata IS 'What of the configuration may be read: secrets are masked, and everything is where nobody can say what is secret. sealed_metadata is what counts';
COMMENT ON COLUMN sources.sealed_metadata IS 'AES-256-GCM over the JSON object as it was given';
COMMENT ON COLUMN sources.secret_places IS 'JSON pointers into the configuration: what was secret when it was sealed';

CREATE INDEX sources_user_idx ON sources (user_id, created_at DESC, id);
CREATE INDEX sources_type_idx ON sources (type);
CREATE TRIGGER sources_touch BEFORE UPDATE ON sources FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

ALTER TABLE mcp_servers ALTER COLUMN connector_id DROP NOT NULL;
ALTER TABLE mcp_servers ALTER COLUMN configuration DROP NOT NULL;
ALTER TABLE mcp_servers ADD CONSTRAINT mcp_servers_configuration_check CHECK ((connector_id IS NULL) = (configuration IS NULL));
ALTER TABLE mcp_servers ADD COLUMN source_ids uuid[] NOT NULL DEFAULT '{}';

COMMENT ON COLUMN mcp_servers.connector_id IS 'What it is itself made from; NULL for one that is made from sources only';
COMMENT ON COLUMN mcp_servers.source_ids IS 'The sources that it is made from, in order, each once. A trigger takes deleted ones out';

-- For what serves all users. Under row-level security PostgreSQL can't use it, and need not: a user has few servers.
CREATE INDEX mcp_servers_sources_idx ON mcp_servers USING gin (source_ids);

CREATE TABLE mcp_server_bindings (
    id uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT mcp_server_bindings_pkey PRIMARY KEY,
    server_id uuid NOT NULL,
    user_id uuid NOT NULL,
    source_id uuid,
    prefix varchar(64) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT mcp_server_bindings_prefix_key UNIQUE (server_id, prefix),
    CONSTRAINT mcp_server_bindings_source_key UNIQUE (server_id, source_id),
    CONSTRAINT mcp_server_bindings_source_fkey FOREIGN KEY (source_id, user_id)
        REFERENCES sources (id, user_id) ON DELETE SET NULL (source_id),
    CONSTRAINT mcp_server_bindings_server_fkey FOREIGN KEY (server_id, user_id)
        REFERENCES mcp_servers (id, user_id) ON UPDATE CASCADE ON DELETE CASCADE
);

COMMENT ON TABLE mcp_server_bindings IS 'What stands before the names of a source''s tools on a server. A row stays when its source leaves the server, so that a name never comes to mean another tool';
COMMENT ON COLUMN mcp_server_bindings.source_id IS 'NULL for a source that was deleted: its prefix isn''t given out again';
COMMENT ON COLUMN mcp_server_bindings.prefix IS 'Empty for the first binding of a server without a connector of its own';

CREATE INDEX mcp_server_bindings_source_idx ON mcp_server_bindings (source_id);

-- Whoever deletes a source, and however: no server keeps it.
CREATE FUNCTION forget_source() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE mcp_servers SET source_ids = array_remove(source_ids, OLD.id) WHERE source_ids @> ARRAY[OLD.id];
    RETURN OLD;
END
$$;

CREATE TRIGGER sources_forget BEFORE DELETE ON sources FOR EACH ROW EXECUTE FUNCTION forget_source();

CREATE FUNCTION announce_servers_of_source() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('patchbay.form_only', true) = 'on' THEN
        RETURN NULL;
    END IF;
    PERFORM pg_notify('patchbay_changes', nextval('change_counter') || ' mcp_servers ' || id)
    FROM mcp_servers WHERE source_ids @> ARRAY[NEW.id];
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION announce_servers_of_source() IS 'Like announce_change(), for a change that servers with this source feel.';

CREATE TRIGGER sources_announce AFTER UPDATE ON sources FOR EACH ROW EXECUTE FUNCTION announce_servers_of_source();

ALTER TABLE mcp_server_tools ADD COLUMN source_id uuid;
ALTER TABLE mcp_server_tools ADD CONSTRAINT mcp_server_tools_source_fkey FOREIGN KEY (source_id, user_id)
    REFERENCES sources (id, user_id) ON DELETE CASCADE;

COMMENT ON COLUMN mcp_server_tools.source_id IS 'Whose connector has the template; NULL for the server''s own';

CREATE INDEX mcp_server_tools_source_idx ON mcp_server_tools (source_id);

CREATE TABLE mcp_server_tool_settings (
    id uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT mcp_server_tool_settings_pkey PRIMARY KEY,
    server_id uuid NOT NULL,
    user_id uuid NOT NULL,
    source_id uuid,
    made boolean NOT NULL DEFAULT false,
    tool text NOT NULL,
    enabled boolean NOT NULL DEFAULT true,
    name varchar(64),
    description text,
    position integer,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT mcp_server_tool_settings_tool_key UNIQUE NULLS NOT DISTINCT (server_id, source_id, made, tool),
    CONSTRAINT mcp_server_tool_settings_name_key UNIQUE (server_id, name),
    CONSTRAINT mcp_server_tool_settings_source_fkey FOREIGN KEY (source_id, user_id)
        REFERENCES sources (id, user_id) ON DELETE CASCADE,
    CONSTRAINT mcp_server_tool_settings_server_fkey FOREIGN KEY (server_id, user_id)
        REFERENCES mcp_servers (id, user_id) ON UPDATE CASCADE ON DELETE CASCADE
);

COMMENT ON TABLE mcp_server_tool_settings IS 'How a server''s owner wants a tool: off, under another name, in other words, elsewhere in the list. Tools that are as they come have no row';
COMMENT ON COLUMN mcp_server_tool_settings.source_id IS 'Which source''s tool, or which source''s template it was made from; NULL for the server''s own connector';
COMMENT ON COLUMN mcp_server_tool_settings.made IS 'Whether it is a tool of mcp_server_tools. One of the connector''s own may have the same name';
COMMENT ON COLUMN mcp_server_tool_settings.tool IS 'The name that its upstream knows, or a dynamic tool''s own';
COMMENT ON COLUMN mcp_server_tool_settings.position IS 'Tools with one come first, by it; the others follow as their upstreams have them';

CREATE INDEX mcp_server_tool_settings_source_idx ON mcp_server_tool_settings (source_id);
CREATE TRIGGER mcp_server_tool_settings_touch BEFORE UPDATE ON mcp_server_tool_settings
    FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

-- One notification, however many tools are put in order.
CREATE FUNCTION announce_servers_of_settings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('patchbay_changes', nextval('change_counter') || ' mcp_servers ' || server_id)
    FROM (SELECT DISTINCT server_id FROM changed) servers;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION announce_servers_of_settings() IS 'Like announce_server_change(), once a statement and server.';

CREATE TRIGGER mcp_server_tool_settings_inserted AFTER INSERT ON mcp_server_tool_settings
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION announce_servers_of_settings();
CREATE TRIGGER mcp_server_tool_settings_updated AFTER UPDATE ON mcp_server_tool_settings
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION announce_servers_of_settings();
CREATE TRIGGER mcp_server_tool_settings_deleted AFTER DELETE ON mcp_server_tool_settings
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION announce_servers_of_settings();

ALTER TABLE sources ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE mcp_server_bindings ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE mcp_server_tool_settings ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY sources_own ON sources TO patchbay_app USING (user_id = current_user_id());
CREATE POLICY sources_worker ON sources TO patchbay_worker USING (true);
CREATE POLICY sources_owner ON sources TO CURRENT_USER USING (true);
CREATE POLICY mcp_server_bindings_own ON mcp_server_bindings TO patchbay_app USING (user_id = current_user_id());
CREATE POLICY mcp_server_bindings_worker ON mcp_server_bindings TO patchbay_worker USING (true);
CREATE POLICY mcp_server_bindings_owner ON mcp_server_bindings TO CURRENT_USER USING (true);
CREATE POLICY mcp_server_tool_settings_own ON mcp_server_tool_settings TO patchbay_app USING (user_id = current_user_id());
CREATE POLICY mcp_server_tool_settings_worker ON mcp_server_tool_settings TO patchbay_worker USING (true);
CREATE POLICY mcp_server_tool_settings_owner ON mcp_server_tool_settings TO CURRENT_USER USING (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON sources, mcp_server_bindings, mcp_server_tool_settings TO patchbay_app, patchbay_worker;
