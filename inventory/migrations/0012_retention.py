"""Retention: plans, and tombstones for the bytes of evidence that two people had removed."""

import django.db.models.deletion
import supplychain.ids
from django.conf import settings
from django.db import migrations, models

RULES = """
CREATE TRIGGER evidence_tombstone_insert_only BEFORE UPDATE OR DELETE ON inventory_evidencetombstone
    FOR EACH ROW EXECUTE FUNCTION inventory_refuse_change();

-- A blob goes nowhere but to another place, and to none only when every document of it has its tombstone.
CREATE OR REPLACE FUNCTION inventory_refuse_other_bytes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.digest, NEW.size_bytes, NEW.stored_at) = (OLD.digest, OLD.size_bytes, OLD.stored_at)
       AND NEW.place <> OLD.place AND (NEW.place <> 'removed' OR NOT EXISTS (
           SELECT FROM inventory_evidence e WHERE e.blob_id = NEW.digest
           AND NOT EXISTS (SELECT FROM inventory_evidencetombstone t WHERE t.evidence_id = e.id))) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'rows of % only change their place', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

-- Whoever adds bytes that were removed before brings them back. The lock is inventory/store/locks.py's: a removal that
-- is going on is waited for. It runs as the owner: the web server may add a blob, and change none.
CREATE FUNCTION inventory_bring_back_bytes() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(('x' || substr(NEW.digest, 8, 16))::bit(64)::bigint);
    UPDATE inventory_evidenceblob SET place = NEW.place, data = NEW.data
        WHERE digest = NEW.digest AND place = 'removed' AND NEW.place <> 'removed';
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION inventory_bring_back_bytes() FROM PUBLIC;
CREATE TRIGGER evidence_blob_bring_back BEFORE INSERT ON inventory_evidenceblob
    FOR EACH ROW EXECUTE FUNCTION inventory_bring_back_bytes();
"""
RULES_BACK = """
DROP TRIGGER evidence_blob_bring_back ON inventory_evidenceblob;
DROP FUNCTION inventory_bring_back_bytes();
DROP TRIGGER evidence_tombstone_insert_only ON inventory_evidencetombstone;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('inventory', '0011_claim_in_turn'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='RetentionPlan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=supplychain.ids.uuid7, editable=False, unique=True)),
                ('keep_since', models.DateTimeField(db_comment='What was received, or ran, at this time or later stays')),
                ('reason', models.CharField(max_length=1000)),
                ('planned_at', models.DateTimeField()),
                ('approved_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('approved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('planned_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='RetentionItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kept_because', models.CharField(blank=True, max_length=200)),
                ('evidence', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.evidence')),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='items', to='inventory.retentionplan')),
            ],
        ),
        migrations.CreateModel(
            name='EvidenceTombstone',
            fields=[
                ('evidence', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='tombstone', serialize=False, to='inventory.evidence')),
                ('digest', models.CharField(db_collation='C', max_length=71)),
                ('size_bytes', models.BigIntegerField()),
                ('removed_at', models.DateTimeField()),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.retentionplan')),
            ],
        ),
        migrations.AddConstraint(
            model_name='retentionplan',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('approved_at__isnull', True), ('approved_by__isnull', True)), models.Q(('approved_at__isnull', False), ('approved_by__isnull', False), models.Q(('approved_by', models.F('planned_by')), _negated=True)), _connector='OR'), name='retention_plan_two_people'),
        ),
        migrations.AddConstraint(
            model_name='retentionplan',
            constraint=models.CheckConstraint(condition=models.Q(('finished_at__isnull', True), ('approved_at__isnull', False), _connector='OR'), name='retention_plan_approved_first'),
        ),
        migrations.AddConstraint(
            model_name='retentionplan',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='retention_plan_has_reason'),
        ),
        migrations.AddConstraint(
            model_name='retentionitem',
            constraint=models.UniqueConstraint(fields=('plan', 'evidence'), name='retention_item_once'),
        ),
        migrations.RunSQL(RULES, RULES_BACK),
    ]
