DROP TABLE set_up_tokens, sessions, user_roles, users;
DROP FUNCTION current_user_id(), announce_change(), touch_updated_at();
DROP SEQUENCE change_counter;
