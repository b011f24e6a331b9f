from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from kit.database.fields import BinCharField, UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("models", "0001_initial")]

    initial = False

    operations = [
        ops.CreateModel(
            name="AccessLog",
            fields=[
                ("id", BinCharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                ("person_id", BinCharField(max_length=32)),
                ("who", BinCharField(max_length=32)),
                ("what", BinCharField(max_length=32)),
                ("why", BinCharField(max_length=32)),
                ("at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "access_log",
                "app": "models",
                "indexes": [Index(fields=["person_id", "id"]), Index(fields=["at"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Audit",
            fields=[
                ("id", BinCharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                ("seq", fields.BigIntField(unique=True)),
                ("at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("who", BinCharField(max_length=32)),
                ("action", BinCharField(max_length=32)),
                ("target", BinCharField(max_length=64)),
                ("prev_hash", BinCharField(max_length=64)),
                ("hash", BinCharField(max_length=64)),
            ],
            options={"table": "audit", "app": "models", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CompanyAuthorisation",
            fields=[
                ("id", BinCharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                ("uscc", BinCharField(max_length=18)),
                ("company_name", fields.CharField(max_length=128)),
                ("granted_by", BinCharField(max_length=32)),
                ("agent_index", BinCharField(max_length=64)),
                ("agent_name_cipher", fields.BinaryField()),
                ("operations", BinCharField(max_length=64)),
                ("created_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("revoked_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "company_authorisation",
                "app": "models",
                "indexes": [Index(fields=["agent_index"]), Index(fields=["uscc", "id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CompanyRole",
            fields=[
                ("id", BinCharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                ("person_id", BinCharField(max_length=32)),
                ("uscc", BinCharField(max_length=18)),
                ("company_name", fields.CharField(max_length=128)),
                ("role", BinCharField(max_length=16)),
                ("source", BinCharField(max_length=16)),
                ("verified_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "company_role",
                "app": "models",
                "unique_together": (("person_id", "uscc"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Application",
            name="restricted_at",
            field=UtcDatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="IdentityCheck",
            name="id_number_index",
            field=BinCharField(null=True, max_length=64),
        ),
        ops.AddIndex(
            model_name="IdentityCheck",
            index=Index(fields=["id_number_index", "state", "finished_at"]),
        ),
        ops.AddField(
            model_name="Matter",
            name="consent",
            field=BinCharField(null=True, max_length=32),
        ),
        ops.AddField(
            model_name="Matter",
            name="consent_granted",
            field=fields.BooleanField(null=True),
        ),
        ops.AddField(
            model_name="Person",
            name="deleted_at",
            field=UtcDatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Person",
            name="merged_into",
            field=BinCharField(null=True, max_length=32),
        ),
        ops.AddIndex(
            model_name="Person",
            index=Index(fields=["assurance", "created_at"]),
        ),
        ops.AddField(
            model_name="PlatformAccount",
            name="token_cipher",
            field=fields.BinaryField(null=True),
        ),
        ops.AddField(
            model_name="Session",
            name="acting_for",
            field=BinCharField(null=True, max_length=18),
        ),
        ops.AddField(
            model_name="Session",
            name="seed_cipher",
            field=fields.BinaryField(null=True),
        ),
        ops.AddField(
            model_name="Session",
            name="slot",
            field=BinCharField(null=True, unique=True, max_length=64),
        ),
    ]
