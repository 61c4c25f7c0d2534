-- Requests that make something and may be sent twice.

CREATE TABLE idempotency_keys (
    user_id uuid NOT NULL CONSTRAINT idempotency_keys_user_fkey REFERENCES users ON DELETE CASCADE,
    key_hash bytea NOT NULL,
    request_hash bytea NOT NULL,
    begun_at timestamptz NOT NULL DEFAULT now(),
    answered_at timestamptz,
    status smallint,
    answer bytea,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (user_id, key_hash)
);

COMMENT ON TABLE idempotency_keys IS 'Keys that requests came with, so that one that is sent again makes nothing twice';
COMMENT ON COLUMN idempotency_keys.request_hash IS 'SHA-256 of the method, the path and the body';
COMMENT ON COLUMN idempotency_keys.answered_at IS 'NULL while the first request is being answered';
COMMENT ON COLUMN idempotency_keys.answer IS 'What it was answered, sealed; NULL again after some minutes: a secret may be in it';

CREATE INDEX idempotency_keys_begun_idx ON idempotency_keys (begun_at);

ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY idempotency_keys_own ON idempotency_keys TO patchbay_app USING (user_id = current_user_id());
CREATE POLICY idempotency_keys_worker ON idempotency_keys TO patchbay_worker USING (true);
CREATE POLICY idempotency_keys_owner ON idempotency_keys TO CURRENT_USER USING (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO patchbay_app, patchbay_worker;
