from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from kit.database.fields import BinCharField, UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("models", "0003_catalogue_versions")]

    initial = False

    operations = [
        ops.CreateModel(
            name="NameReservation",
            fields=[
                ("id", BinCharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                ("draft_id", BinCharField(max_length=32)),
                ("person_id", BinCharField(max_length=32)),
                ("reference", BinCharField(unique=True, max_length=64)),
                ("name_cipher", fields.BinaryField()),
                ("state", BinCharField(max_length=16)),
                ("number", BinCharField(default="", max_length=64)),
                ("until", BinCharField(default="", max_length=10)),
                ("at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "name_reservation",
                "app": "models",
                "indexes": [
                    Index(fields=["draft_id"]),
                    Index(fields=["person_id"]),
                    Index(fields=["state", "at"]),
                ],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
    ]
