DROP TABLE audit_keys, audit_identities, audit_events;
DROP FUNCTION refuse_audit_change;
