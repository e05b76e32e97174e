"""Which stacks of layers are an image and the beginning of another: what may be a base image, by its layers."""

from django.db import migrations, models

_ADD = """
INSERT INTO inventory_layerstack AS k (chain, is_whole, has_above)
SELECT s.chain, s.is_whole, s.has_above FROM (
    SELECT chain, bool_or(is_last) AS is_whole, bool_or(NOT is_last) AS has_above
    FROM {source} WHERE chain <> '' GROUP BY chain
) s
WHERE NOT EXISTS (SELECT FROM inventory_layerstack o WHERE o.chain = s.chain
                  AND o.is_whole >= s.is_whole AND o.has_above >= s.has_above)
ORDER BY s.chain
ON CONFLICT (chain) DO UPDATE SET is_whole = k.is_whole OR excluded.is_whole, has_above = k.has_above OR excluded.has_above
"""
# In the order of their chains, as every writer locks them; what says nothing new locks nothing.
STACK = f"""
CREATE FUNCTION inventory_stack_layers() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    {_ADD.format(source="added")};
    RETURN NULL;
END $$;
CREATE TRIGGER stack_added AFTER INSERT ON inventory_imagelayer REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_stack_layers();
{_ADD.format(source="inventory_imagelayer")};
"""
STACK_BACK = """
DROP TRIGGER stack_added ON inventory_imagelayer;
DROP FUNCTION inventory_stack_layers();
"""


class Migration(migrations.Migration):
    dependencies = [("inventory", "0047_cpes_in_lower_case")]

    operations = [
        migrations.CreateModel(
            name="LayerStack",
            fields=[
                (
                    "chain",
                    models.BinaryField(db_comment="As in ImageLayer", primary_key=True, serialize=False),
                ),
                ("is_whole", models.BooleanField(db_comment="They are all layers of an image")),
                ("has_above", models.BooleanField(db_comment="They are the beginning of an image with more layers")),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_whole", True), ("has_above", True)),
                        fields=["chain"],
                        name="layer_stack_base",
                    )
                ],
            },
        ),
        migrations.RunSQL(STACK, STACK_BACK),
    ]
