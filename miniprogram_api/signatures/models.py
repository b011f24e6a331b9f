"""The table of signatures: who was asked to sign what, and what came of it."""

from tortoise import fields
from tortoise.models import Model

from kit.database.fields import ID_LENGTH, BinCharField, UtcDatetimeField

HASH_LENGTH = 64


class Signature(Model):
    """One signer, asked at one moment to sign certain documents. What they were made of never
    changes; whether it still counts is found out by comparing with the draft."""

    id = BinCharField(ID_LENGTH, primary_key=True)
    draft_id = BinCharField(ID_LENGTH)
    owner = BinCharField(ID_LENGTH)
    """Whose the draft is."""
    signer_index = BinCharField(HASH_LENGTH)
    """The keyed hash of the ID number, the same as the person's, or of the credit code."""
    signer_cipher = fields.BinaryField()
    """Name, number and roles as the draft had them; the company's name."""
    documents = fields.TextField()
    """JSON: code, source hash, hash and file of each. Nothing personal."""
    content_hash = BinCharField(HASH_LENGTH)
    slot = BinCharField(HASH_LENGTH, null=True, unique=True)
    """Draft, signer and content, so that nobody is asked for the same thing twice at one moment;
    None once it was refused: then it may be asked for again."""
    state = BinCharField(16)
    reason = BinCharField(32, null=True)
    person_id = BinCharField(ID_LENGTH, null=True)
    """Who signed, or is signing."""
    attempt = fields.IntField(default=1)
    """Part of our reference at the e-signature service; another one once a flow has ended there
    without a signature."""
    upstream_id = BinCharField(64, null=True)
    signatory_cipher = fields.BinaryField(null=True)
    """Who signs at the service: the person, and the company if it is for one."""
    opened_at = UtcDatetimeField()
    begun_at = UtcDatetimeField(null=True)
    ends_at = UtcDatetimeField(null=True)
    asked_at = UtcDatetimeField(null=True)
    """When the service was last asked."""
    signed_at = UtcDatetimeField(null=True)
    evidence_cipher = fields.BinaryField(null=True)

    class Meta:
        table = "signature"
        indexes = (("draft_id",), ("signer_index", "id"), ("owner",), ("person_id",))
