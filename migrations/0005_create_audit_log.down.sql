DROP TABLE audit_keys, audit_identities, audit_events;
DROP FUNCTION refuse_audit_change;

CREATE OR REPLACE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at = now();
    RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION announce_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('patchbay_changes', nextval('change_counter') || ' ' || TG_TABLE_NAME || ' ' || COALESCE(NEW.id, OLD.id));
    RETURN NULL;
END
$$;
