"""The tables of persons, their accounts, sessions, identity checks and consents."""

from tortoise import fields
from tortoise.models import Model

from kit.database.fields import ID_LENGTH, BinCharField, UtcDatetimeField

OPEN_ID_LENGTH = 64
KEYED_HASH_LENGTH = 64
CREDIT_CODE_LENGTH = 18
COMPANY_NAME_LENGTH = 128
ENDED = "ended"
"""The assurance of a person who was joined to another one or deleted."""


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
    merged_into = BinCharField(ID_LENGTH, null=True)
    """The person this one turned out to be; nothing is this one's own any more."""
    deleted_at = UtcDatetimeField(null=True)
    """When the person had the account deleted; what the law wants kept still names this row."""

    class Meta:
        table = "person"
        indexes = (("assurance", "created_at"),)


class PlatformAccount(Model):
    """What a platform calls the person in one of its mini-programs."""

    id = BinCharField(ID_LENGTH, primary_key=True)
    person_id = BinCharField(ID_LENGTH)
    platform = BinCharField(16)
    app_id = BinCharField(64)
    open_id = BinCharField(OPEN_ID_LENGTH)
    union_id = BinCharField(OPEN_ID_LENGTH, null=True)
    token_cipher = fields.BinaryField(null=True)
    """The platform's long-lived token for this account, where the platform gives one (爱山东)."""
    created_at = UtcDatetimeField()

    class Meta:
        table = "platform_account"
        unique_together = (("platform", "app_id", "open_id"),)
        indexes = (("person_id",), ("open_id",))


class Session(Model):
    """A login on one device and the family of refresh tokens that followed from it.

    Only the newest refresh token is kept, as a keyed hash; ``generation`` says which one of the
    family it is, ``rotated_at`` when it was given out. ``slot`` is the keyed hash of account and
    device while the session is theirs: being unique it makes two logins at one moment one session.
    """

    id = BinCharField(ID_LENGTH, primary_key=True)
    person_id = BinCharField(ID_LENGTH)
    account_id = BinCharField(ID_LENGTH)
    device_index = BinCharField(KEYED_HASH_LENGTH)
    slot = BinCharField(KEYED_HASH_LENGTH, null=True, unique=True)
    seed_cipher = fields.BinaryField(null=True)
    """What the first refresh token was made from, for a login that is repeated at once."""
    acting_for = BinCharField(CREDIT_CODE_LENGTH, null=True)
    """The credit code of the company for which the person acts in this session."""
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
    id_number_index = BinCharField(KEYED_HASH_LENGTH, null=True)
    """Whose number was claimed, so that guessing at one number is limited over all accounts."""
    created_at = UtcDatetimeField()
    expires_at = UtcDatetimeField()
    asked_at = UtcDatetimeField(null=True)
    finished_at = UtcDatetimeField(null=True)

    class Meta:
        table = "identity_check"
        indexes = (
            ("person_id", "state", "finished_at"),
            ("id_number_index", "state", "finished_at"),
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


class CompanyRole(Model):
    """What a person is in a company, as an outside register said at ``verified_at``."""

    id = BinCharField(ID_LENGTH, primary_key=True)
    person_id = BinCharField(ID_LENGTH)
    uscc = BinCharField(CREDIT_CODE_LENGTH)
    company_name = fields.CharField(COMPANY_NAME_LENGTH)
    role = BinCharField(16)
    source = BinCharField(16)
    verified_at = UtcDatetimeField()

    class Meta:
        table = "company_role"
        unique_together = (("person_id", "uscc"),)


class CompanyAuthorisation(Model):
    """A company lets an agent (经办人) act for it. The agent is named by the keyed hash of the ID
    number, because whether such a person uses this service is nobody's business."""

    id = BinCharField(ID_LENGTH, primary_key=True)
    uscc = BinCharField(CREDIT_CODE_LENGTH)
    company_name = fields.CharField(COMPANY_NAME_LENGTH)
    granted_by = BinCharField(ID_LENGTH)
    agent_index = BinCharField(KEYED_HASH_LENGTH)
    agent_name_cipher = fields.BinaryField()
    operations = BinCharField(64)
    """The operations that are allowed, separated by commas."""
    created_at = UtcDatetimeField()
    expires_at = UtcDatetimeField()
    revoked_at = UtcDatetimeField(null=True)

    class Meta:
        table = "company_authorisation"
        indexes = (("agent_index",), ("uscc", "id"))


class AccessLog(Model):
    """Who read which of a person's data, and why: one line for each outside system's answer or
    question and each operator's view. Holds no value, only words of ours, and what the person
    called somebody."""

    id = BinCharField(ID_LENGTH, primary_key=True)
    person_id = BinCharField(ID_LENGTH)
    who = BinCharField(32)
    what = BinCharField(32)
    why = BinCharField(32)
    at = UtcDatetimeField()
    draft_id = BinCharField(ID_LENGTH, null=True)
    grant_id = BinCharField(ID_LENGTH, null=True)
    """The invitation or hand-over by which somebody looked."""
    name_cipher = fields.BinaryField(null=True)

    class Meta:
        table = "access_log"
        indexes = (("person_id", "id"), ("at",))


class TerminalCall(Model):
    """One authentic request of a terminal, for as long as its timestamp would be believed: the same
    one a second time is a replay. ``guess``: it named a one-time code that was wrong, or may be."""

    id = BinCharField(KEYED_HASH_LENGTH, primary_key=True)
    """Keyed hash of the terminal and its nonce."""
    terminal = BinCharField(32)
    guess = fields.BooleanField(default=False)
    at = UtcDatetimeField()

    class Meta:
        table = "terminal_call"
        indexes = (("terminal", "guess", "at"), ("guess", "at"), ("at",))


class Audit(Model):
    """What was done to accounts, each line chained to the one before by its hash, so that a line
    that was changed or taken away later is found. Only ever inserted."""

    id = BinCharField(ID_LENGTH, primary_key=True)
    seq = fields.BigIntField(unique=True)
    at = UtcDatetimeField()
    who = BinCharField(ID_LENGTH)
    """A person's id."""
    action = BinCharField(32)
    target = BinCharField(64)
    """The id of what it was done to."""
    prev_hash = BinCharField(64)
    hash = BinCharField(64)

    class Meta:
        table = "audit"


class SavedAddress(Model):
    """Where a person has things sent to; everything that says whose and where is sealed."""

    id = BinCharField(ID_LENGTH, primary_key=True)
    person_id = BinCharField(ID_LENGTH)
    address_cipher = fields.BinaryField()
    is_default = fields.BooleanField(default=False)
    created_at = UtcDatetimeField()

    class Meta:
        table = "saved_address"
        indexes = (("person_id", "id"),)
