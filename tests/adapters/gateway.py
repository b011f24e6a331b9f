"""One application and one platform of the jpaas gateway, for the registers that stand behind it."""

from adapters.gm import new_key_pair
from adapters.jpaas import GatewaySettings

APP_ID = "sd0123456789ab"
APP_PRIVATE_KEY, APP_PUBLIC_KEY = new_key_pair()
PLATFORM_PRIVATE_KEY, PLATFORM_PUBLIC_KEY = new_key_pair()
FAR_SIDE = (APP_ID, APP_PUBLIC_KEY, PLATFORM_PRIVATE_KEY)
"""What the platform knows of the application, and its own key."""


def gateway_settings(base_url: str, **other: object) -> GatewaySettings:
    given: dict[str, object] = {
        "base_url": base_url,
        "app_id": APP_ID,
        "platform_public_key": PLATFORM_PUBLIC_KEY,
        "private_key": APP_PRIVATE_KEY,
        "origin": "3",
    }
    return GatewaySettings(**{**given, **other})  # type: ignore[arg-type]
