"""The audit chain's triggers: the database numbers and hashes each row itself and refuses every later change."""

from django.db import migrations

# The lock lasts until the appending transaction ends: the next one must see this row, or the chain would fork.
# The number is arbitrary; it is this chain's alone in this database.
CREATE = """
CREATE FUNCTION access_audit_append() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    head record;
BEGIN
    PERFORM pg_advisory_xact_lock(4715002025110001);
    SELECT sequence, hash INTO head FROM access_auditevent ORDER BY sequence DESC LIMIT 1;
    NEW.sequence := coalesce(head.sequence, 0) + 1;
    NEW.previous_hash := coalesce(head.hash, decode(repeat('00', 32), 'hex'));
    NEW.hash := sha256(NEW.previous_hash || int8send(NEW.sequence) || convert_to(NEW.body, 'UTF8'));
    RETURN NEW;
END
$$;

CREATE FUNCTION access_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only: % refused', TG_OP USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER audit_event_append BEFORE INSERT ON access_auditevent
    FOR EACH ROW EXECUTE FUNCTION access_audit_append();
CREATE TRIGGER audit_event_no_change BEFORE UPDATE OR DELETE ON access_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION access_audit_refuse();
CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON access_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION access_audit_refuse();
"""

DROP = """
DROP TRIGGER audit_event_append ON access_auditevent;
DROP TRIGGER audit_event_no_change ON access_auditevent;
DROP TRIGGER audit_event_no_truncate ON access_auditevent;
DROP FUNCTION access_audit_append();
DROP FUNCTION access_audit_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("access", "0001_initial")]

    operations = [migrations.RunSQL(CREATE, DROP)]
