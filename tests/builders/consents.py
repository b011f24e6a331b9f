"""Agreeing to things, over HTTP."""

from typing import Any


async def agreed(phone: Any, *purposes: str) -> None:
    """The signed-in phone agrees to the current texts."""
    texts = {each["purpose"]: each for each in (await phone.get("/consents")).json()["items"]}
    for purpose in purposes:
        body = {"purpose": purpose, "text_version": texts[purpose]["text_version"]}
        answer = await phone.once("POST", "/consents", json=body)
        assert answer.status_code == 201, answer.text
