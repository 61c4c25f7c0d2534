-- People, their roles and their sessions.

-- Grows with every change that a cache may have missed: see announce_change().
CREATE SEQUENCE change_counter;

CREATE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at = now();
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION touch_updated_at() IS 'Keeps updated_at true on every update.';

-- One channel for all caches: '<counter> <table> <id>'. The counter lets a listener see that it missed something.
CREATE FUNCTION announce_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('patchbay_changes', nextval('change_counter') || ' ' || TG_TABLE_NAME || ' ' || COALESCE(NEW.id, OLD.id));
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION announce_change() IS 'Tells every process which row changed, when the transaction commits.';

CREATE TABLE users (
    id uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT users_pkey PRIMARY KEY,
    email varchar(254) NOT NULL,
    hashed_password text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON COLUMN users.hashed_password IS 'argon2id, PHC string format';

CREATE UNIQUE INDEX users_email_key ON users (lower(email));
CREATE TRIGGER users_touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE user_roles (
    user_id uuid NOT NULL CONSTRAINT user_roles_user_fkey REFERENCES users ON DELETE CASCADE,
    role varchar(20) NOT NULL CONSTRAINT user_roles_role_check CHECK (role IN ('admin', 'superuser')),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT user_roles_pkey PRIMARY KEY (user_id, role)
);

CREATE TABLE sessions (
    id uuid NOT NULL CONSTRAINT sessions_pkey PRIMARY KEY,
    cookie_hash bytea NOT NULL CONSTRAINT sessions_cookie_hash_key UNIQUE,
    user_id uuid CONSTRAINT sessions_user_fkey REFERENCES users ON DELETE CASCADE,
    device varchar(200),
    data bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);

COMMENT ON COLUMN sessions.id IS 'Names the row: in access tokens and in lists of sessions. Opens nothing.';
COMMENT ON COLUMN sessions.cookie_hash IS 'SHA-256 of the cookie''s value, which is not stored';
COMMENT ON COLUMN sessions.user_id IS 'NULL before sign-in';
COMMENT ON COLUMN sessions.data IS 'What the session carries, sealed';

CREATE INDEX sessions_user_idx ON sessions (user_id);
CREATE INDEX sessions_expires_idx ON sessions (expires_at);

CREATE TABLE set_up_tokens (
    token_hash bytea NOT NULL CONSTRAINT set_up_tokens_pkey PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);

COMMENT ON TABLE set_up_tokens IS 'One-time links that make the first superuser';

ALTER TABLE users ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE user_roles ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE sessions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE set_up_tokens ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE FUNCTION current_user_id() RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT NULLIF(current_setting('patchbay.user_id', true), '')::uuid
$$;

COMMENT ON FUNCTION current_user_id() IS 'Whose request this transaction serves; NULL for none.';

CREATE POLICY users_own ON users TO patchbay_app USING (id = current_user_id());
CREATE POLICY users_worker ON users TO patchbay_worker USING (true);
CREATE POLICY users_owner ON users TO CURRENT_USER USING (true);
CREATE POLICY user_roles_own ON user_roles FOR SELECT TO patchbay_app USING (user_id = current_user_id());
CREATE POLICY user_roles_worker ON user_roles TO patchbay_worker USING (true);
CREATE POLICY user_roles_owner ON user_roles TO CURRENT_USER USING (true);
CREATE POLICY sessions_own ON sessions TO patchbay_app USING (user_id = current_user_id());
CREATE POLICY sessions_worker ON sessions TO patchbay_worker USING (true);
CREATE POLICY sessions_owner ON sessions TO CURRENT_USER USING (true);
CREATE POLICY set_up_tokens_worker ON set_up_tokens TO patchbay_worker USING (true);
CREATE POLICY set_up_tokens_owner ON set_up_tokens TO CURRENT_USER USING (true);

GRANT USAGE ON SCHEMA public TO patchbay_app, patchbay_worker;
GRANT USAGE, SELECT ON SEQUENCE change_counter TO patchbay_app, patchbay_worker;
GRANT SELECT ON users, user_roles TO patchbay_app;
GRANT SELECT, DELETE ON sessions TO patchbay_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON users, user_roles, sessions, set_up_tokens TO patchbay_worker;
