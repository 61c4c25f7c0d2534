-- Tools that users make from connectors' templates.

CREATE TABLE mcp_server_tools (
    id uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT mcp_server_tools_pkey PRIMARY KEY,
    server_id uuid NOT NULL,
    user_id uuid NOT NULL,
    name varchar(64) NOT NULL,
    description text,
    template varchar(256) NOT NULL,
    template_args json NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT mcp_server_tools_name_key UNIQUE (server_id, name),
    CONSTRAINT mcp_server_tools_server_fkey FOREIGN KEY (server_id, user_id)
        REFERENCES mcp_servers (id, user_id) ON UPDATE CASCADE ON DELETE CASCADE
);

COMMENT ON TABLE mcp_server_tools IS 'Dynamic tools: a template of the server''s connector with its arguments fixed. The connector''s own tools are not rows';
COMMENT ON COLUMN mcp_server_tools.name IS 'The name that clients call';
COMMENT ON COLUMN mcp_server_tools.template_args IS 'The template''s arguments; {placeholders} in their texts are the tool''s arguments';

CREATE TRIGGER mcp_server_tools_touch BEFORE UPDATE ON mcp_server_tools FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE FUNCTION announce_server_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('patchbay_changes', nextval('change_counter') || ' mcp_servers ' || COALESCE(NEW.server_id, OLD.server_id));
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION announce_server_change() IS 'Like announce_change(), for rows that are a part of a server.';

CREATE TRIGGER mcp_server_tools_announce AFTER INSERT OR UPDATE OR DELETE ON mcp_server_tools
    FOR EACH ROW EXECUTE FUNCTION announce_server_change();

ALTER TABLE mcp_server_tools ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY mcp_server_tools_own ON mcp_server_tools TO patchbay_app USING (user_id = current_user_id());
CREATE POLICY mcp_server_tools_worker ON mcp_server_tools TO patchbay_worker USING (true);
CREATE POLICY mcp_server_tools_owner ON mcp_server_tools TO CURRENT_USER USING (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON mcp_server_tools TO patchbay_app, patchbay_worker;
