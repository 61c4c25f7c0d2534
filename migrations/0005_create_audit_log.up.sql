-- Who changed what. Rows are only ever added, and each one vouches for the one before it.

CREATE TABLE audit_events (
    seq bigint NOT NULL CONSTRAINT audit_events_pkey PRIMARY KEY,
    at timestamptz NOT NULL,
    actor_id uuid,
    door varchar(20) NOT NULL
        CONSTRAINT audit_events_door_check CHECK (door IN ('dashboard', 'api', 'command_line', 'system')),
    request_id varchar(64),
    action varchar(60) NOT NULL,
    subject_type varchar(40) NOT NULL,
    subject_id uuid,
    subject_name varchar(255),
    before json,
    after json,
    note text,
    key_id bytea NOT NULL,
    mac bytea NOT NULL CONSTRAINT audit_events_mac_check CHECK (octet_length(mac) = 32)
);

COMMENT ON TABLE audit_events IS 'Every change, in order. What identifies a person stands in audit_identities';
COMMENT ON COLUMN audit_events.seq IS 'Counts from 1 without gaps';
COMMENT ON COLUMN audit_events.actor_id IS 'No reference: the row outlives the account. NULL for the server itself and for the command line';
COMMENT ON COLUMN audit_events.before IS 'The parts that changed, as they were; secrets are left out';
COMMENT ON COLUMN audit_events.key_id IS 'Which key of the vault the key of mac is derived from';
COMMENT ON COLUMN audit_events.mac IS 'HMAC-SHA256 over the row and the mac of the row before';

CREATE INDEX audit_events_subject_idx ON audit_events (subject_type, subject_id, seq DESC);
CREATE INDEX audit_events_actor_idx ON audit_events (actor_id, seq DESC);
CREATE INDEX audit_events_action_idx ON audit_events (action, seq DESC);
CREATE INDEX audit_events_at_idx ON audit_events (at);

CREATE TABLE audit_identities (
    seq bigint NOT NULL CONSTRAINT audit_identities_event_fkey REFERENCES audit_events,
    part varchar(10) NOT NULL CONSTRAINT audit_identities_part_check CHECK (part IN ('actor', 'subject')),
    user_id uuid,
    email varchar(254),
    address varchar(64),
    device varchar(200),
    mac bytea NOT NULL CONSTRAINT audit_identities_mac_check CHECK (octet_length(mac) = 32),
    CONSTRAINT audit_identities_pkey PRIMARY KEY (seq, part)
);

COMMENT ON TABLE audit_identities IS 'Whom a row is about, in words: email, network address, browser. Can be erased without breaking the chain';
COMMENT ON COLUMN audit_identities.mac IS 'HMAC-SHA256 over the row and the mac of the event, so that it can be erased but not exchanged';

CREATE INDEX audit_identities_user_idx ON audit_identities (user_id);

CREATE TABLE audit_keys (
    key_id bytea NOT NULL CONSTRAINT audit_keys_pkey PRIMARY KEY,
    sealed bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE audit_keys IS 'Keys of mac from before the vault''s key was rotated, sealed with today''s, so that old rows can still be checked';

-- Grants keep the application from it; this keeps whoever owns the tables from doing it by accident.
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

ALTER TABLE audit_events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_identities ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY audit_events_worker ON audit_events TO patchbay_worker USING (true);
CREATE POLICY audit_events_owner ON audit_events TO CURRENT_USER USING (true);
CREATE POLICY audit_identities_worker ON audit_identities TO patchbay_worker USING (true);
CREATE POLICY audit_identities_owner ON audit_identities TO CURRENT_USER USING (true);
CREATE POLICY audit_keys_worker ON audit_keys TO patchbay_worker USING (true);
CREATE POLICY audit_keys_owner ON audit_keys TO CURRENT_USER USING (true);

GRANT SELECT, INSERT ON audit_events TO patchbay_worker;
GRANT SELECT, INSERT, DELETE ON audit_identities TO patchbay_worker;
GRANT SELECT, INSERT, UPDATE ON audit_keys TO patchbay_worker;

-- A value that is sealed again with another key means what it did. That is no change to whoever reads the row.
CREATE OR REPLACE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('patchbay.form_only', true) = 'on' THEN
        RETURN NEW;
    END IF;
    NEW.updated_at = now();
    RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION announce_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('patchbay.form_only', true) = 'on' THEN
        RETURN NULL;
    END IF;
    PERFORM pg_notify('patchbay_changes', nextval('change_counter') || ' ' || TG_TABLE_NAME || ' ' || COALESCE(NEW.id, OLD.id));
    RETURN NULL;
END
$$;
