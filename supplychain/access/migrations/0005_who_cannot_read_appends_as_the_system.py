"""Who may append to the audit log and not read it, the workers, appends in no person's and no key's name.

They leave lines of their own when they ask an incident again. A worker that a document took over must not be able to
write that a person did something. The trigger runs with the caller's rights: by them it knows who is meant.
"""

from django.db import migrations

CREATE = """
CREATE FUNCTION access_audit_author() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT has_column_privilege(current_user, TG_RELID, 'body', 'SELECT')
        AND (NEW.actor NOT LIKE 'system:%' OR NEW.body::json ->> 'actor' IS DISTINCT FROM NEW.actor) THEN
        RAISE EXCEPTION 'this role appends to the audit log as the system alone'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION access_audit_author() SET search_path = pg_catalog, %I, pg_temp', current_schema());
END
$$;
CREATE TRIGGER audit_event_author BEFORE INSERT ON access_auditevent
    FOR EACH ROW EXECUTE FUNCTION access_audit_author();
"""
DROP = """
DROP TRIGGER audit_event_author ON access_auditevent;
DROP FUNCTION access_audit_author();
"""


class Migration(migrations.Migration):
    dependencies = [("access", "0004_audit_search_path")]

    operations = [migrations.RunSQL(CREATE, DROP)]
