"""Identifiers and randomness."""

import secrets
from datetime import datetime

import uuid_utils

from kit.clock import CHINA

_UNAMBIGUOUS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def new_id() -> str:
    """A time-ordered UUIDv7 as 32 lower-case hex digits (also a provincial serialNo's form)."""
    return str(uuid_utils.uuid7().hex)


def new_token(entropy_bytes: int = 32) -> str:
    """An opaque, unguessable, URL-safe token."""
    return secrets.token_urlsafe(entropy_bytes)


def new_reference_no(at: datetime) -> str:
    """What a person reads out on the phone: SD, the day, eight unmistakable characters."""
    tail = "".join(secrets.choice(_UNAMBIGUOUS) for _ in range(8))
    return f"SD{at.astimezone(CHINA):%Y%m%d}{tail}"
