"""The wire of the far side: what it knows of the app, requests, how they are refused."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from adapters.alipay.settings import AlipaySettings
from adapters.alipay.signing import read_private_key
from adapters.alipay.simulator.keys import bare
from kit.secrets import Secret


@dataclass(frozen=True, slots=True)
class AlipaySide:
    """What Alipay knows of one mini-program."""

    app_id: str
    app_public_key: str = field(repr=False)
    """As bare base64: what the app's owner handed in."""
    content_key: Secret
    notify_url: str
    """Where notices go; empty: nowhere."""
    app_certificate: str = field(default="", repr=False)
    """Of certificate mode; empty: key mode."""
    has_union_ids: bool = True

    @classmethod
    def of(cls, settings: AlipaySettings, notify_url: str) -> Self:
        """The app as its own settings describe it."""
        return cls(
            app_id=settings.app_id,
            app_public_key=bare(
                read_private_key(settings.private_key, is_checked=True).public_key()
            ),
            content_key=settings.content_key,
            notify_url=notify_url,
            app_certificate=settings.app_certificate,
        )


class Refusal(Exception):
    """Alipay says no. The words are those of the real one where they are known."""

    def __init__(
        self, code: str, msg: str, sub_code: str = "", sub_msg: str = "", *, signed: bool = True
    ) -> None:
        super().__init__(code, sub_code)
        self.code = code
        self.sub_code = sub_code
        self.signed = signed
        self.content = {"code": code, "msg": msg}
        if sub_code:
            self.content |= {"sub_code": sub_code, "sub_msg": sub_msg}


def missing(sub_code: str) -> Refusal:
    return Refusal("40001", "Missing Required Arguments", sub_code, "缺少必选参数")


def invalid(sub_code: str, sub_msg: str, *, signed: bool = True) -> Refusal:
    return Refusal("40002", "Invalid Arguments", sub_code, sub_msg, signed=signed)


def failed(sub_code: str, sub_msg: str) -> Refusal:
    return Refusal("40004", "Business Failed", sub_code, sub_msg)


@dataclass(frozen=True, slots=True)
class Call:
    """One request whose sender is proved."""

    method: str
    parameters: Mapping[str, str]

    def business(self) -> dict[str, Any]:
        """``biz_content``, an object."""
        try:
            content = json.loads(self.parameters.get("biz_content", ""))
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise invalid("isv.invalid-parameter", "参数无效：biz_content")
        return content


def member(content: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An object, or JSON of one in a string: both are taken. Empty for anything else."""
    value = content.get(name)
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}


def text(content: Mapping[str, Any], name: str, length_max: int, pattern: str = ".+") -> str:
    """A string member of that form, or a refusal."""
    value = content.get(name)
    fits = isinstance(value, str) and len(value) <= length_max
    if not isinstance(value, str) or not fits or re.fullmatch(pattern, value) is None:
        raise invalid("isv.invalid-parameter", f"参数无效：{name}")
    return value


Answering = Callable[[Call], dict[str, Any]]
