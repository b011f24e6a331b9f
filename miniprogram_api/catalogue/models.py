"""The table of versions: all data of each, as they were imported."""

from tortoise import fields
from tortoise.models import Model

from kit.database.fields import BinCharField, UtcDatetimeField

VERSION_LENGTH = 32


class CatalogueVersion(Model):
    """Kept as long as a draft was made under it. The database holds it, and no shared folder, so
    that an import is one transaction, all replicas see the same, and a backup has drafts and rules.
    """

    version = BinCharField(VERSION_LENGTH, primary_key=True)
    archive = fields.BinaryField()
    """All data files, zipped."""
    turn = fields.IntField(null=True, unique=True)
    """The greatest serves. None: shipped with a program and never imported."""
    at = UtcDatetimeField()
    """When it came, or was last imported."""

    class Meta:
        table = "catalogue_version"
