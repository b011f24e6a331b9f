"""What must be known to speak to WeChat for one mini-program."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field

from kit.secrets import Secret

MINIPROGRAM_STATES = frozenset({"developer", "trial", "formal"})


@dataclass(frozen=True, slots=True)
class WeChatSettings:
    """``ValueError`` when something cannot be right. No secret has a default."""

    app_id: str
    app_secret: Secret
    original_id: str
    """The account's own name (``gh_...``), to which pushes are addressed."""
    message_token: Secret
    message_aes_key: Secret | None
    """The EncodingAESKey, 43 characters: only encrypted pushes are taken. None: plain mode."""
    templates: Mapping[str, str] = field(default_factory=dict)
    """Our template key (see templates.yaml) to the id under which this account has the template."""
    base_url: str = "https://api.weixin.qq.com"
    miniprogram_state: str = "formal"
    """Which release of the mini-program a tapped message opens."""

    def __post_init__(self) -> None:
        if self.miniprogram_state not in MINIPROGRAM_STATES:
            raise ValueError(f"the mini-program's state is one of {sorted(MINIPROGRAM_STATES)}")
        if self.message_aes_key is not None:
            aes_key(self.message_aes_key)


def aes_key(encoded: Secret) -> bytes:
    """The 32 bytes of an EncodingAESKey; ``ValueError`` for anything else."""
    text = encoded.reveal()
    if len(text) != 43 or not (text.isascii() and text.isalnum()):
        raise ValueError("an EncodingAESKey is 43 of A-Z, a-z and 0-9")
    return base64.b64decode(text + "=")
