"""Which device calls, as far as a refresh token is bound to it."""

from collections.abc import Mapping

from kit.devices import DEVICE_ID
from kit.problems import MalformedRequest
from kit.text import Text

_NAMED = "id:"


def device_of(headers: Mapping[str, str]) -> str:
    """The client's own ``X-Device-Id``; without one, its platform. Neither the address nor the
    user agent is part of it: a phone changes both when it goes from Wi-Fi to the mobile net."""
    device_id = headers.get("x-device-id")
    if device_id is None:
        return f"client:{headers.get('x-client-platform', '')}"
    if not DEVICE_ID.fullmatch(device_id):
        raise MalformedRequest(
            Text(
                "X-Device-Id 应为8至64位字母、数字、下划线或连字符",
                "X-Device-Id has 8 to 64 letters, digits, underscores or hyphens",
            )
        )
    return _NAMED + device_id


def is_named(device: str) -> bool:
    """Whether the client said which device it is, and not only of which platform."""
    return device.startswith(_NAMED)
