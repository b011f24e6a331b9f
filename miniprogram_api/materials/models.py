"""The table of files; their bytes lie in the storage under the same id."""

from tortoise import fields
from tortoise.models import Model

from kit.database.fields import ID_LENGTH, BinCharField, UtcDatetimeField

NOBODY = ""


class File(Model):
    """A file without a row is an orphan and is swept; a row outlives its bytes by a moment only."""

    id = BinCharField(ID_LENGTH, primary_key=True)
    owner = BinCharField(ID_LENGTH)
    """The person who sent it; :data:`NOBODY` once that person's account was deleted."""
    name_cipher = fields.BinaryField()
    media_type = BinCharField(64)
    size = fields.IntField()
    sha256 = BinCharField(64)
    created_at = UtcDatetimeField()

    class Meta:
        table = "file"
        indexes = (("owner",),)
