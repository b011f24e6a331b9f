"""The tables of those whom a draft's owner lets in. Who was ever let in stays as long as the draft:
its history names him."""

from tortoise import fields
from tortoise.models import Model

from kit.database.fields import ID_LENGTH, BinCharField, UtcDatetimeField

KEYED_HASH_LENGTH = 64
TERMINAL_ID_LENGTH = 32
TERMINAL_NAME_LENGTH = 64


class Invitation(Model):
    """A link that the owner sends to somebody, and what its acceptance allows. The link's token is
    kept as a keyed hash only."""

    id = BinCharField(ID_LENGTH, primary_key=True)
    draft_id = BinCharField(ID_LENGTH)
    owner = BinCharField(ID_LENGTH)
    role = BinCharField(16)
    scope = fields.TextField()
    """JSON: ``steps`` (their keys, null for all) and ``materials``."""
    token_index = BinCharField(KEYED_HASH_LENGTH, unique=True)
    label_cipher = fields.BinaryField(null=True)
    person_id = BinCharField(ID_LENGTH, null=True)
    """Who accepted it."""
    known_as = fields.TextField()
    """Every id under which that person wrote: a join gives one more, and the log keeps the old
    ones. Separated by commas."""
    name_cipher = fields.BinaryField(null=True)
    """The person's name, already masked, as it was when he accepted."""
    created_at = UtcDatetimeField()
    expires_at = UtcDatetimeField()
    accepted_at = UtcDatetimeField(null=True)
    revoked_at = UtcDatetimeField(null=True)
    looked_at = UtcDatetimeField(null=True)
    """When a use of it was last told in the owner's access log."""

    class Meta:
        table = "invitation"
        indexes = (("draft_id", "person_id"), ("person_id", "draft_id"), ("owner",))


class Handover(Model):
    """A code that the owner reads out at a counter or types into a kiosk, and what was claimed with
    it. Code and token are kept as keyed hashes only."""

    id = BinCharField(ID_LENGTH, primary_key=True)
    draft_id = BinCharField(ID_LENGTH)
    owner = BinCharField(ID_LENGTH)
    purpose = BinCharField(16)
    code_index = BinCharField(KEYED_HASH_LENGTH, null=True, unique=True)
    """None once it was used."""
    token_index = BinCharField(KEYED_HASH_LENGTH, null=True, unique=True)
    terminal = BinCharField(TERMINAL_ID_LENGTH, null=True)
    terminal_name = fields.CharField(TERMINAL_NAME_LENGTH, null=True)
    """The terminal's public name, as it was when it claimed the code."""
    created_at = UtcDatetimeField()
    expires_at = UtcDatetimeField()
    """The code's end until it is claimed, the token's afterwards."""
    claimed_at = UtcDatetimeField(null=True)
    ended_at = UtcDatetimeField(null=True)
    looked_at = UtcDatetimeField(null=True)

    class Meta:
        table = "handover"
        indexes = (("draft_id",), ("owner",), ("claimed_at", "expires_at"))
