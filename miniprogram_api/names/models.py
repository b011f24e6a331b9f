"""The names that are kept for drafts."""

from tortoise import fields
from tortoise.models import Model

from kit.database.fields import ID_LENGTH, BinCharField, UtcDatetimeField

REFERENCE_LENGTH = 64


class NameReservation(Model):
    """One name that a draft asked the province's library to keep. The row is there before the
    library is asked: whatever the library keeps for us, some row knows of."""

    id = BinCharField(ID_LENGTH, primary_key=True)
    draft_id = BinCharField(ID_LENGTH)
    person_id = BinCharField(ID_LENGTH)
    reference = BinCharField(REFERENCE_LENGTH, unique=True)
    """What the library knows it by; of the draft and the name, not of the attempt."""
    name_cipher = fields.BinaryField()
    state = BinCharField(16)
    """``asking``, ``kept``, ``giving_up``."""
    number = BinCharField(64, default="")
    """The library's; empty until it answered."""
    until = BinCharField(10, default="")
    """The last day, in China, as ISO 8601 writes it."""
    at = UtcDatetimeField()

    class Meta:
        table = "name_reservation"
        indexes = (("draft_id",), ("person_id",), ("state", "at"))
