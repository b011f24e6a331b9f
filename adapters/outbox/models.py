"""The tables of the outbox and the inbox."""

from tortoise import fields
from tortoise.models import Model

from kit.database.fields import ID_LENGTH, BinCharField, UtcDatetimeField


class OutboxEntry(Model):
    """Something that must happen after its transaction. Holds ids, never personal data.

    Unsettled entries with equal ``key`` are handled one after the other, in order of ``id``.
    """

    id = BinCharField(ID_LENGTH, primary_key=True)
    topic = BinCharField(64)
    key = BinCharField(96)
    body = fields.TextField()
    attempts = fields.SmallIntField(default=0)
    created_at = UtcDatetimeField()
    due_at = UtcDatetimeField()
    claimed_by = BinCharField(ID_LENGTH, null=True)
    claimed_until = UtcDatetimeField(null=True)
    settled_at = UtcDatetimeField(null=True)
    outcome = BinCharField(16, null=True)
    error_code = BinCharField(64, null=True)

    class Meta:
        table = "outbox"
        indexes = (("settled_at", "due_at"), ("key", "settled_at", "id"))


class InboxEntry(Model):
    """What somebody sent us, kept before it is acted on. ``body_cipher`` is sealed as it came."""

    id = BinCharField(ID_LENGTH, primary_key=True)
    source = BinCharField(32)
    event_id = BinCharField(128)
    body_cipher = fields.BinaryField()
    received_at = UtcDatetimeField()
    settled_at = UtcDatetimeField(null=True)

    class Meta:
        table = "inbox"
        unique_together = (("source", "event_id"),)
        indexes = (("settled_at",),)
