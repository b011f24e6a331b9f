"""Applications, their matters, the log of what happened to them, and the files filed with them."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from kit.database.fields import ID_LENGTH, BinCharField, UtcDatetimeField

ITEM_CODE_LENGTH = 64
HASH_LENGTH = 64


class Application(Model):
    """One submission. Its id is the serial number under which the province knows it."""

    id = BinCharField(ID_LENGTH, primary_key=True)
    reference_no = BinCharField(32, unique=True)
    person_id = BinCharField(ID_LENGTH)
    draft_id = BinCharField(ID_LENGTH, unique=True)
    revision = fields.IntField()
    operation = BinCharField(16)
    region = BinCharField(12)
    theme = BinCharField(64)
    catalogue_version = BinCharField(64)
    delivery_method = BinCharField(16)
    frozen_cipher = fields.BinaryField()
    content_hash = BinCharField(HASH_LENGTH)
    state = BinCharField(32)
    upstream_no = BinCharField(64, null=True)
    submitted_at = UtcDatetimeField()
    restricted_at: UtcDatetimeField[datetime | None] = UtcDatetimeField(null=True)
    """Since when the record is kept only because the law wants it, after its person's account was
    deleted: nobody is shown it any more, while its matters go on."""
    last_seq = fields.IntField()
    last_hash = BinCharField(HASH_LENGTH)

    class Meta:
        table = "application"
        indexes = (("person_id", "id"),)


class Matter(Model):
    """One item inside an application. ``due_at`` and ``clock_used_s`` follow from the log."""

    id = BinCharField(ID_LENGTH, primary_key=True)
    application_id = BinCharField(ID_LENGTH)
    position = fields.SmallIntField()
    item_code = BinCharField(ITEM_CODE_LENGTH)
    name = fields.CharField(128)
    department = fields.CharField(128)
    state = BinCharField(32)
    holder = BinCharField(16)
    upstream_no = BinCharField(64, null=True)
    promise = BinCharField(96)
    consent = BinCharField(32, null=True)
    """The consent that it takes to share what this item asks with somebody outside; None: nobody
    outside has a part in it."""
    consent_granted: fields.BooleanField[bool | None] = fields.BooleanField(null=True)
    """Whether it was given at the submission. Withdrawing it later undoes nothing."""
    due_at: UtcDatetimeField[datetime | None] = UtcDatetimeField(null=True)
    clock_used_s = fields.IntField()
    reason_cipher = fields.BinaryField(null=True)
    result_cipher = fields.BinaryField(null=True)

    class Meta:
        table = "matter"
        unique_together = (("application_id", "item_code"),)


class ApplicationEvent(Model):
    """One line of the log, only ever inserted: ``(application_id, seq)`` is its compare-and-set key
    and ``hash`` chains it to the line before. Personal data is in ``private_cipher`` alone."""

    id = BinCharField(ID_LENGTH, primary_key=True)
    application_id = BinCharField(ID_LENGTH)
    seq = fields.IntField()
    matter = BinCharField(ITEM_CODE_LENGTH, null=True)
    kind = BinCharField(16)
    body = fields.TextField()
    private_cipher = fields.BinaryField(null=True)
    peer_time = UtcDatetimeField(null=True)
    received_at = UtcDatetimeField()
    prev_hash = BinCharField(HASH_LENGTH)
    hash = BinCharField(HASH_LENGTH)

    class Meta:
        table = "application_event"
        unique_together = (("application_id", "seq"),)


class ApplicationDocument(Model):
    """A file that was filed with an application, which the province may fetch."""

    id = BinCharField(ID_LENGTH, primary_key=True)
    application_id = BinCharField(ID_LENGTH)
    file_id = BinCharField(ID_LENGTH)

    class Meta:
        table = "application_document"
        indexes = (("file_id",),)
