"""The tables of persons, their accounts, sessions, identity checks and consents."""

from tortoise import fields
from tortoise.models import Model

from kit.database.fields import ID_LENGTH, BinCharField, UtcDatetimeField

OPEN_ID_LENGTH = 64
KEYED_HASH_LENGTH = 64


class Person(Model):
    """A natural person, one over all platforms.

    ``id_number_index`` is the keyed hash of the ID number: being unique it keeps two persons from
    having the same number, also in a race.
    """

    id = BinCharField(ID_LENGTH, primary_key=True)
    id_number_cipher = fields.BinaryField(null=True)
    id_number_index = BinCharField(KEYED_HASH_LENGTH, null=True, unique=True)
    name_cipher = fields.BinaryField(null=True)
    phone_cipher = fields.BinaryField(null=True)
    assurance = BinCharField(16, default="none")
    checked_at = UtcDatetimeField(null=True)
    created_at = UtcDatetimeField()

    class Meta:
        table = "person"


class PlatformAccount(Model):
    """What a platform calls the person in one of its mini-programs."""

    id = BinCharField(ID_LENGTH, primary_key=True)
    person_id = BinCharField(ID_LENGTH)
    platform = BinCharField(16)
    app_id = BinCharField(64)
    open_id = BinCharField(OPEN_ID_LENGTH)
    union_id = BinCharField(OPEN_ID_LENGTH, null=True)
    created_at = UtcDatetimeField()

    class Meta:
        table = "platform_account"
        unique_together = (("platform", "app_id", "open_id"),)
        indexes = (("person_id",), ("open_id",))


class Session(Model):
    """A login on one device and the family of refresh tokens that followed from it.

    Only the newest refresh token is kept, as a keyed hash; ``generation`` says which one of the
    family it is, ``rotated_at`` when it was given out.
    """

    id = BinCharField(ID_LENGTH, primary_key=True)
    person_id = BinCharField(ID_LENGTH)
    account_id = BinCharField(ID_LENGTH)
    device_index = BinCharField(KEYED_HASH_LENGTH)
    refresh_index = BinCharField(KEYED_HASH_LENGTH)
    generation = fields.IntField(default=0)
    created_at = UtcDatetimeField()
    rotated_at = UtcDatetimeField()
    expires_at = UtcDatetimeField()
    revoked_at = UtcDatetimeField(null=True)
    revoked_because = BinCharField(32, null=True)

    class Meta:
        table = "session"
        indexes = (("person_id", "revoked_at"), ("expires_at",))


class IdentityCheck(Model):
    """One try to prove who somebody is. Name and number are kept, sealed, while it is pending only;
    no face image is ever kept."""

    id = BinCharField(ID_LENGTH, primary_key=True)
    person_id = BinCharField(ID_LENGTH)
    method = BinCharField(32)
    state = BinCharField(16)
    reason = BinCharField(48, null=True)
    open_id = BinCharField(OPEN_ID_LENGTH)
    sequence_no = BinCharField(ID_LENGTH)
    upstream_id = BinCharField(256)
    result_code = BinCharField(32, null=True)
    name_cipher = fields.BinaryField(null=True)
    id_number_cipher = fields.BinaryField(null=True)
    created_at = UtcDatetimeField()
    expires_at = UtcDatetimeField()
    asked_at = UtcDatetimeField(null=True)
    finished_at = UtcDatetimeField(null=True)

    class Meta:
        table = "identity_check"
        indexes = (
            ("person_id", "state", "finished_at"),
            ("state", "expires_at"),
            ("created_at",),
        )


class Consent(Model):
    """What somebody agreed to: for what, to which words (by version and hash), when and where."""

    id = BinCharField(ID_LENGTH, primary_key=True)
    person_id = BinCharField(ID_LENGTH)
    purpose = BinCharField(32)
    text_version = BinCharField(32)
    text_hash = BinCharField(64)
    platform = BinCharField(16)
    granted_at = UtcDatetimeField()
    withdrawn_at = UtcDatetimeField(null=True)

    class Meta:
        table = "consent"
        indexes = (("person_id", "purpose", "withdrawn_at"),)
