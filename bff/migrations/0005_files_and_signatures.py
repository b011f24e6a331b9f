from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from kit.database.fields import BinCharField, UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("models", "0004_name_reservations")]

    initial = False

    operations = [
        # Files and uploads.
        ops.AddField(
            model_name="File",
            name="storage_key",
            field=BinCharField(default="", db_default="", max_length=32),
        ),
        ops.AddField(
            model_name="File",
            name="sent_sha256",
            field=BinCharField(default="", db_default="", max_length=64),
        ),
        ops.AddField(
            model_name="File",
            name="treatment",
            field=BinCharField(default="", db_default="", max_length=32),
        ),
        ops.AddField(
            model_name="File",
            name="scan_state",
            field=BinCharField(default="clean", db_default="clean", max_length=8),
        ),
        ops.AddField(
            model_name="File",
            name="warnings",
            field=BinCharField(default="", db_default="", max_length=128),
        ),
        ops.AddIndex(model_name="File", index=Index(fields=["owner", "sent_sha256"])),
        ops.AddIndex(model_name="File", index=Index(fields=["storage_key"])),
        ops.CreateModel(
            name="Upload",
            fields=[
                ("id", BinCharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                ("draft_id", BinCharField(max_length=32)),
                ("owner", BinCharField(max_length=32)),
                ("material", BinCharField(max_length=64)),
                ("name_cipher", fields.BinaryField()),
                ("size", fields.IntField()),
                ("sha256", BinCharField(max_length=64)),
                ("offset", fields.IntField(default=0)),
                ("state", BinCharField(max_length=8)),
                ("parts", fields.TextField(unique=False)),
                ("file_id", BinCharField(null=True, max_length=32)),
                ("refusal", BinCharField(null=True, max_length=32)),
                ("counted", fields.IntField()),
                ("created_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "upload",
                "app": "models",
                "indexes": [Index(fields=["owner", "created_at"]), Index(fields=["expires_at"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        # Looking after drafts: those that are there are looked at first of all.
        ops.AddField(
            model_name="Draft",
            name="look_at",
            field=UtcDatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddIndex(model_name="Draft", index=Index(fields=["look_at"])),
        ops.RunSQL("UPDATE draft SET look_at = created_at", "SELECT 1"),
        # Invitations, hand-overs and terminals.
        ops.CreateModel(
            name="TerminalCall",
            fields=[
                ("id", BinCharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ("terminal", BinCharField(max_length=32)),
                ("guess", fields.BooleanField(default=False)),
                ("at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "terminal_call",
                "app": "models",
                "indexes": [
                    Index(fields=["terminal", "guess", "at"]),
                    Index(fields=["guess", "at"]),
                    Index(fields=["at"]),
                ],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Invitation",
            fields=[
                ("id", BinCharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                ("draft_id", BinCharField(max_length=32)),
                ("owner", BinCharField(max_length=32)),
                ("role", BinCharField(max_length=16)),
                ("scope", fields.TextField(unique=False)),
                ("token_index", BinCharField(unique=True, max_length=64)),
                ("label_cipher", fields.BinaryField(null=True)),
                ("person_id", BinCharField(null=True, max_length=32)),
                ("known_as", fields.TextField(unique=False)),
                ("name_cipher", fields.BinaryField(null=True)),
                ("created_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("accepted_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("revoked_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("looked_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "invitation",
                "app": "models",
                "indexes": [
                    Index(fields=["draft_id", "person_id"]),
                    Index(fields=["person_id", "draft_id"]),
                    Index(fields=["owner"]),
                ],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Handover",
            fields=[
                ("id", BinCharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                ("draft_id", BinCharField(max_length=32)),
                ("owner", BinCharField(max_length=32)),
                ("purpose", BinCharField(max_length=16)),
                ("code_index", BinCharField(null=True, unique=True, max_length=64)),
                ("token_index", BinCharField(null=True, unique=True, max_length=64)),
                ("terminal", BinCharField(null=True, max_length=32)),
                ("terminal_name", fields.CharField(null=True, max_length=64)),
                ("created_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("claimed_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("ended_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("looked_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "handover",
                "app": "models",
                "indexes": [
                    Index(fields=["draft_id"]),
                    Index(fields=["owner"]),
                    Index(fields=["claimed_at", "expires_at"]),
                ],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        # Documents made of the answers.
        ops.CreateModel(
            name="GeneratedDocument",
            fields=[
                ("id", BinCharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ("draft_id", BinCharField(max_length=32)),
                ("material", BinCharField(max_length=64)),
                ("source_hash", BinCharField(max_length=64)),
                ("file_id", BinCharField(max_length=32)),
                ("sha256", BinCharField(max_length=64)),
                ("size", fields.IntField()),
                ("pages", fields.IntField()),
                ("held", fields.BooleanField(default=False)),
                ("created_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "generated_document",
                "app": "models",
                "indexes": [Index(fields=["draft_id"]), Index(fields=["file_id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        # Signatures.
        ops.CreateModel(
            name="Signature",
            fields=[
                ("id", BinCharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                ("draft_id", BinCharField(max_length=32)),
                ("owner", BinCharField(max_length=32)),
                ("signer_index", BinCharField(max_length=64)),
                ("signer_cipher", fields.BinaryField()),
                ("documents", fields.TextField(unique=False)),
                ("content_hash", BinCharField(max_length=64)),
                ("slot", BinCharField(null=True, unique=True, max_length=64)),
                ("state", BinCharField(max_length=16)),
                ("reason", BinCharField(null=True, max_length=32)),
                ("person_id", BinCharField(null=True, max_length=32)),
                ("attempt", fields.IntField(default=1)),
                ("upstream_id", BinCharField(null=True, max_length=64)),
                ("signatory_cipher", fields.BinaryField(null=True)),
                ("opened_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("begun_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("ends_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("asked_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("signed_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("evidence_cipher", fields.BinaryField(null=True)),
            ],
            options={
                "table": "signature",
                "app": "models",
                "indexes": [
                    Index(fields=["draft_id"]),
                    Index(fields=["signer_index", "id"]),
                    Index(fields=["owner"]),
                    Index(fields=["person_id"]),
                ],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        # By what somebody was let in who read something.
        ops.AddField(
            model_name="AccessLog",
            name="draft_id",
            field=BinCharField(null=True, max_length=32),
        ),
        ops.AddField(
            model_name="AccessLog",
            name="grant_id",
            field=BinCharField(null=True, max_length=32),
        ),
        ops.AddField(
            model_name="AccessLog",
            name="name_cipher",
            field=fields.BinaryField(null=True),
        ),
        # Addresses that a person keeps.
        ops.CreateModel(
            name="SavedAddress",
            fields=[
                ("id", BinCharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                ("person_id", BinCharField(max_length=32)),
                ("address_cipher", fields.BinaryField()),
                ("is_default", fields.BooleanField(default=False)),
                ("created_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "saved_address",
                "app": "models",
                "indexes": [Index(fields=["person_id", "id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
    ]
