from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from kit.database.fields import BinCharField, UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("models", "0002_one_person")]

    initial = False

    operations = [
        ops.CreateModel(
            name="CatalogueVersion",
            fields=[
                (
                    "version",
                    BinCharField(primary_key=True, unique=True, db_index=True, max_length=32),
                ),
                ("archive", fields.BinaryField()),
                ("turn", fields.IntField(null=True, unique=True)),
                ("at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={"table": "catalogue_version", "app": "models", "pk_attr": "version"},
            bases=["Model"],
        ),
        ops.AddIndex(
            model_name="Draft",
            index=Index(fields=["catalogue_version"]),
        ),
    ]
