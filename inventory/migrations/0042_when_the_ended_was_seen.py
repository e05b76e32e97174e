"""What ran at a past instant is remembered too: of what has ended, when it was last seen and why it ended count."""

from django.db import migrations

# As in 0010, whose columns are the first of these. Of what still runs the time changes with every report, and says
# nothing: there the cluster's own counts, which questions ask for.
_COLUMNS = (
    "{0}.team_id, {0}.workload_id, {0}.artifact_id, {0}.node_architecture, {0}.environment_id, {0}.opened_at, "
    "{0}.closed_at"
)
_ENDED = ", CASE WHEN {0}.closed_at IS NOT NULL THEN {0}.last_seen_at END, {0}.close_reason"
NOTE = """
CREATE OR REPLACE FUNCTION inventory_runinterval_note_columns() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM earlier e JOIN later l USING (id) WHERE ({earlier}) IS DISTINCT FROM ({later})) THEN
        PERFORM inventory_note_change('present');
    END IF;
    RETURN NULL;
END $$;
"""


def _note(columns: str) -> str:
    return NOTE.format(earlier=columns.format("e"), later=columns.format("l"))


class Migration(migrations.Migration):
    dependencies = [("inventory", "0041_withdrawn_root_versions")]

    operations = [migrations.RunSQL(_note(_COLUMNS + _ENDED), _note(_COLUMNS))]
