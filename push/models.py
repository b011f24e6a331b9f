"""The inbox, what was pushed where, and what people agreed to have pushed."""

from tortoise import fields
from tortoise.models import Model

from kit.database.fields import ID_LENGTH, BinCharField, UtcDatetimeField

TEMPLATE_LENGTH = 64


class Message(Model):
    """One line of a person's inbox. Title and body hold no personal data, so they are not sealed;
    ``facts`` is the happening or the notice they were made from."""

    id = BinCharField(ID_LENGTH, primary_key=True)
    event_id = BinCharField(ID_LENGTH, unique=True)
    person_id = BinCharField(ID_LENGTH)
    application_id = BinCharField(ID_LENGTH)
    """Empty for what is of no application: of a draft or a signature."""
    title = fields.CharField(64)
    body = fields.CharField(512)
    link = fields.CharField(128)
    facts = fields.TextField()
    at = UtcDatetimeField()
    read_at = UtcDatetimeField(null=True)

    class Meta:
        table = "message"
        indexes = (("person_id", "id"), ("person_id", "read_at"))


class PushDelivery(Model):
    """What became of pushing one event over one channel; ``told_at`` is when it came to that."""

    id = BinCharField(ID_LENGTH, primary_key=True)
    event_id = BinCharField(ID_LENGTH)
    person_id = BinCharField(ID_LENGTH)
    channel = BinCharField(16)
    state = BinCharField(16)
    upstream_id = BinCharField(64, null=True)
    told_at = UtcDatetimeField()

    class Meta:
        table = "push_delivery"
        unique_together = (("event_id", "channel"),)
        indexes = (("channel", "upstream_id"),)


class PushConsent(Model):
    """The ledger of one person's consents to one template; ``answer`` is the platform's word."""

    id = BinCharField(ID_LENGTH, primary_key=True)
    person_id = BinCharField(ID_LENGTH)
    platform = BinCharField(16)
    template = BinCharField(TEMPLATE_LENGTH)
    answer = BinCharField(32)
    source = BinCharField(8)
    earned = fields.IntField()
    spent = fields.IntField()
    answered_at = UtcDatetimeField()

    class Meta:
        table = "push_consent"
        unique_together = (("person_id", "platform", "template"),)
