"""The tables of drafts: what a draft is, and the append-only log of what was done to it."""

from tortoise import fields
from tortoise.models import Model

from kit.database.fields import ID_LENGTH, BinCharField, UtcDatetimeField


class Draft(Model):
    """What lists show without reading the log. The log's newest row is the truth; the columns that
    repeat its selection are written in the transaction that writes it there."""

    id = BinCharField(ID_LENGTH, primary_key=True)
    person_id = BinCharField(ID_LENGTH)
    operation = BinCharField(16)
    region = BinCharField(12)
    theme = BinCharField(64, null=True)
    mode = BinCharField(16)
    catalogue_version = BinCharField(32)
    """Of the newest row; asked before a version is thrown away."""
    created_at = UtcDatetimeField()
    expires_at = UtcDatetimeField(null=True)
    """Not before this: each save puts it off, which is written here when this moment comes. None
    once submitted."""
    submitted_at = UtcDatetimeField(null=True)
    look_at = UtcDatetimeField(null=True)
    """When housekeeping looks at it next; None when there is nothing more to do."""

    class Meta:
        table = "draft"
        indexes = (
            ("person_id", "submitted_at", "id"),
            ("expires_at",),
            ("catalogue_version",),
            ("look_at",),
        )


class DraftSave(Model):
    """One change of one draft; never updated. ``id`` is the draft's id and the revision in hex, so
    that its uniqueness is the compare-and-set and its order the log's."""

    id = BinCharField(ID_LENGTH + 8, primary_key=True)
    draft_id = BinCharField(ID_LENGTH)
    person_id = BinCharField(ID_LENGTH)
    """Whose draft it is, so that opening one reads one row; empty in what erasing leaves."""
    revision = fields.IntField()
    kind = BinCharField(16)
    step = BinCharField(64, null=True)
    author = BinCharField(ID_LENGTH)
    """The person who did it."""
    device = BinCharField(64, null=True)
    at = UtcDatetimeField()
    summary = fields.TextField()
    answers_cipher = fields.BinaryField()
    """The draft's whole state after this change, sealed."""

    class Meta:
        table = "draft_save"
