"""The name of a file, as it is shown and offered for saving; never a path of ours."""

import unicodedata
from urllib.parse import quote

NAME_LENGTH_MAX = 80


def tidy_name(given: str, extension: str) -> str:
    """Without folders and unprintable characters, short, and ending as what the file is."""
    last = given.replace("\\", "/").rpartition("/")[2]
    printable = "".join(c for c in last if not unicodedata.category(c).startswith("C"))
    stem = printable.rpartition(".")[0] or printable
    stem = stem.strip(" .")[:NAME_LENGTH_MAX] or "file"
    return f"{stem}.{extension}"


def content_disposition(name: str) -> str:
    """Always to be saved, never shown inside a page of ours (RFC 6266)."""
    extension = name.rpartition(".")[2]
    return f"attachment; filename=\"file.{extension}\"; filename*=UTF-8''{quote(name, safe='')}"
