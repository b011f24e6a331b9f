"""The tables of files and of unfinished uploads; bytes lie in the storage."""

from tortoise import fields
from tortoise.models import Model

from kit.database.fields import ID_LENGTH, BinCharField, UtcDatetimeField

NOBODY = ""


class File(Model):
    """One file of one material. Several rows may point at the same stored bytes; bytes without a
    row are orphans and are swept."""

    id = BinCharField(ID_LENGTH, primary_key=True)
    owner = BinCharField(ID_LENGTH)
    """Whose the draft is; :data:`NOBODY` once that person's account was deleted."""
    name_cipher = fields.BinaryField()
    media_type = BinCharField(64)
    size = fields.IntField()
    sha256 = BinCharField(64)
    """Of what is stored, as ``size`` is; ``sent_sha256`` is of the bytes as they were sent, empty
    for a file of before they could differ."""
    created_at = UtcDatetimeField()
    storage_key = BinCharField(ID_LENGTH, default="", db_default="")
    """Where the bytes lie; empty for a file of before bytes could be shared: under its ``id``."""
    sent_sha256 = BinCharField(64, default="", db_default="")
    treatment = BinCharField(32, default="", db_default="")
    """What was done to the bytes before they were stored (materials/treating.py)."""
    scan_state = BinCharField(8, default="clean", db_default="clean")
    """``waiting``, ``clean`` or ``failed`` (the scanner has no verdict on it); an infected file has
    no row for longer than it takes to erase."""
    warnings = BinCharField(128, default="", db_default="")
    """Codes, with commas between."""

    class Meta:
        table = "file"
        indexes = (("owner",), ("owner", "sent_sha256"), ("storage_key",))

    @property
    def key(self) -> str:
        return self.storage_key or self.id


class Upload(Model):
    """A file that comes in parts. A row stays a day after its end, because the day's bytes are
    counted here; of a file that is complete for as long as the answer is remembered, because who
    may hear that again follows from it."""

    id = BinCharField(ID_LENGTH, primary_key=True)
    draft_id = BinCharField(ID_LENGTH)
    owner = BinCharField(ID_LENGTH)
    """Who sends it, who need not be the draft's owner; nobody else can go on with it."""
    material = BinCharField(64)
    name_cipher = fields.BinaryField()
    size = fields.IntField()
    """As announced; what has come of it is ``offset``."""
    sha256 = BinCharField(64)
    offset = fields.IntField(default=0)
    state = BinCharField(8)
    """``open``, ``done``, ``expired``, or ``refused``, which the bytes stay whatever is tried."""
    parts = fields.TextField()
    """JSON, see :class:`~miniprogram_api.materials.parts.Part`."""
    file_id = BinCharField(ID_LENGTH, null=True)
    refusal = BinCharField(32, null=True)
    counted = fields.IntField()
    """Bytes that count towards the day's; none for content that was there already."""
    created_at = UtcDatetimeField()
    expires_at = UtcDatetimeField()

    class Meta:
        table = "upload"
        indexes = (("owner", "created_at"), ("expires_at",))


class GeneratedDocument(Model):
    """A document that was made of a draft's answers; its bytes are a :class:`File`. ``id`` follows
    from draft, material and source, so one content is kept once."""

    id = BinCharField(64, primary_key=True)
    draft_id = BinCharField(ID_LENGTH)
    material = BinCharField(64)
    source_hash = BinCharField(64)
    """Of all that it is made of (documents/content.py)."""
    file_id = BinCharField(ID_LENGTH)
    sha256 = BinCharField(64)
    size = fields.IntField()
    pages = fields.IntField()
    held = fields.BooleanField(default=False)
    """Somebody was asked to sign it: it stays as long as the draft, whatever is answered later."""
    created_at = UtcDatetimeField()

    class Meta:
        table = "generated_document"
        indexes = (("draft_id",), ("file_id",))
