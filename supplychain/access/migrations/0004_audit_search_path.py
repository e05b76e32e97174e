"""The audit chain's function looks for the table where it is, never among a session's temporary tables.

A role that may only append could otherwise put a table of that name before ours, and so tell the trigger what the
newest row was.
"""

from django.db import migrations

FIX = """
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION access_audit_append() SET search_path = pg_catalog, %I, pg_temp', current_schema());
END
$$;
"""
UNFIX = "ALTER FUNCTION access_audit_append() RESET search_path;"


class Migration(migrations.Migration):
    dependencies = [("access", "0003_user_must_change_password")]

    operations = [migrations.RunSQL(FIX, UNFIX)]
