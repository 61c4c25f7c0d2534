-- What people need of their accounts: invitations, links for a lost password, a second factor, tokens for programs; and what
-- superusers need: switching an account off.

ALTER TABLE users ADD COLUMN disabled_at timestamptz;

COMMENT ON COLUMN users.disabled_at IS 'NULL while the account can be used. No session, API token or server of a disabled one works';

-- Its servers stop, and come back, everywhere.
CREATE FUNCTION announce_servers_of_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('patchbay_changes', nextval('change_counter') || ' mcp_servers ' || id)
    FROM mcp_servers WHERE user_id = NEW.id;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION announce_servers_of_user() IS 'Like announce_change(), for a change that all of a user''s servers feel.';

CREATE TRIGGER users_announce AFTER UPDATE OF disabled_at ON users
    FOR EACH ROW WHEN (OLD.disabled_at IS DISTINCT FROM NEW.disabled_at) EXECUTE FUNCTION announce_servers_of_user();

ALTER TABLE sessions ADD COLUMN last_used_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE sessions ADD COLUMN address varchar(64);

COMMENT ON COLUMN sessions.last_used_at IS 'Within some minutes';
COMMENT ON COLUMN sessions.address IS 'Where it was begun';

CREATE TABLE invitations (
    id uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT invitations_pkey PRIMARY KEY,
    token_hash bytea NOT NULL CONSTRAINT invitations_token_key UNIQUE,
    email varchar(254),
    roles varchar(20)[] NOT NULL DEFAULT '{}',
    created_by uuid CONSTRAINT invitations_creator_fkey REFERENCES users ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);

COMMENT ON TABLE invitations IS 'Links that make one account each. A row goes when its link is used or taken back';
COMMENT ON COLUMN invitations.token_hash IS 'SHA-256 of the link''s token, which is shown once and not stored';
COMMENT ON COLUMN invitations.email IS 'The one address that the account can be made for; NULL for any';

CREATE TABLE password_resets (
    token_hash bytea NOT NULL CONSTRAINT password_resets_pkey PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT password_resets_user_fkey REFERENCES users ON DELETE CASCADE,
    created_by uuid CONSTRAINT password_resets_creator_fkey REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    CONSTRAINT password_resets_user_key UNIQUE (user_id)
);

COMMENT ON TABLE password_resets IS 'One-time links for a lost password, made by superusers; the newest one of a user is the only one';
COMMENT ON COLUMN password_resets.created_by IS 'With whose being a superuser it ends, too; NULL if the command line made it';

CREATE TABLE second_factors (
    user_id uuid NOT NULL CONSTRAINT second_factors_pkey PRIMARY KEY
        CONSTRAINT second_factors_user_fkey REFERENCES users ON DELETE CASCADE,
    secret bytea NOT NULL,
    confirmed_at timestamptz,
    last_step bigint,
    wrong_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE second_factors IS 'Time-based one-time passwords (RFC 6238)';
COMMENT ON COLUMN second_factors.secret IS 'The shared secret, sealed';
COMMENT ON COLUMN second_factors.confirmed_at IS 'NULL until its owner has shown a code; until then it isn''t asked for';
COMMENT ON COLUMN second_factors.last_step IS 'The time step of the last code that was taken: none is taken twice';
COMMENT ON COLUMN second_factors.wrong_until IS 'When wrong codes are forgotten. Each one puts it off; while it is too far away no code is tried';

CREATE TABLE recovery_codes (
    user_id uuid NOT NULL CONSTRAINT recovery_codes_factor_fkey REFERENCES second_factors (user_id) ON DELETE CASCADE,
    code_hash bytea NOT NULL,
    CONSTRAINT recovery_codes_pkey PRIMARY KEY (user_id, code_hash)
);

COMMENT ON TABLE recovery_codes IS 'Codes that stand in for a second factor, once each: a used one''s row is gone';

CREATE TABLE api_tokens (
    id uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT api_tokens_pkey PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT api_tokens_user_fkey REFERENCES users ON DELETE CASCADE,
    name varchar(255) NOT NULL,
    prefix varchar(20) NOT NULL,
    token_hash bytea NOT NULL CONSTRAINT api_tokens_hash_key UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    expires_at timestamptz,
    revoked_at timestamptz
);

COMMENT ON TABLE api_tokens IS 'What programs sign in with, in their owner''s name';
COMMENT ON COLUMN api_tokens.token_hash IS 'SHA-256 of the token, which is shown once and not stored';

CREATE INDEX api_tokens_user_idx ON api_tokens (user_id, created_at DESC, id);

ALTER TABLE invitations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE password_resets ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE second_factors ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE recovery_codes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE api_tokens ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY invitations_worker ON invitations TO patchbay_worker USING (true);
CREATE POLICY invitations_owner ON invitations TO CURRENT_USER USING (true);
CREATE POLICY password_resets_worker ON password_resets TO patchbay_worker USING (true);
CREATE POLICY password_resets_owner ON password_resets TO CURRENT_USER USING (true);
CREATE POLICY second_factors_worker ON second_factors TO patchbay_worker USING (true);
CREATE POLICY second_factors_owner ON second_factors TO CURRENT_USER USING (true);
CREATE POLICY recovery_codes_worker ON recovery_codes TO patchbay_worker USING (true);
CREATE POLICY recovery_codes_owner ON recovery_codes TO CURRENT_USER USING (true);
CREATE POLICY api_tokens_own ON api_tokens TO patchbay_app USING (user_id = current_user_id());
CREATE POLICY api_tokens_worker ON api_tokens TO patchbay_worker USING (true);
CREATE POLICY api_tokens_owner ON api_tokens TO CURRENT_USER USING (true);

-- What opens an account stands where no request's own transaction reads it.
GRANT SELECT, INSERT, UPDATE ON api_tokens TO patchbay_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON invitations, password_resets, second_factors, recovery_codes, api_tokens
    TO patchbay_worker;
