-- Requests that make something and may be sent twice.

CREATE TABLE idempotency_keys (
    user_id uuid NOT NULL CONSTRAINT idempotency_keys_user_fkey REFERENCES users ON DELETE CASCADE,
    key_hash bytea NOT NULL,
    id uuid NOT NULL CONSTRAINT idempotency_keys_id_key UNIQUE,
    request_mac bytea NOT NULL,
    begun_at timestamptz NOT NULL,
    done_at timestamptz,
    answered_at timestamptz,
    answer bytea,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (user_id, key_hash)
);

COMMENT ON TABLE idempotency_keys IS 'Keys that requests came with, so that one that is sent again makes nothing twice';
COMMENT ON COLUMN idempotency_keys.key_hash IS 'SHA-256 of the key';
COMMENT ON COLUMN idempotency_keys.id IS 'Of the attempt: another one once somebody else has taken over';
COMMENT ON COLUMN idempotency_keys.request_mac IS 'Of the method, the path and the body, with a key of the vault''s: a secret may be in them';
COMMENT ON COLUMN idempotency_keys.done_at IS 'Set by the transaction that did what was asked for; NULL while there is nothing that mustn''t happen twice';
COMMENT ON COLUMN idempotency_keys.answered_at IS 'NULL while the attempt is under way, or broke off';
COMMENT ON COLUMN idempotency_keys.answer IS 'What it was answered, sealed; NULL again after some minutes: a secret may be in it';

CREATE INDEX idempotency_keys_begun_idx ON idempotency_keys (begun_at);

ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY idempotency_keys_own ON idempotency_keys TO patchbay_app USING (user_id = current_user_id());
CREATE POLICY idempotency_keys_worker ON idempotency_keys TO patchbay_worker USING (true);
CREATE POLICY idempotency_keys_owner ON idempotency_keys TO CURRENT_USER USING (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO patchbay_app, patchbay_worker;
