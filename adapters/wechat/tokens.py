"""The access token: how it is asked for and how long it is kept.

``stable_token`` gives everybody the same token until five minutes before its end, then a new one
while the old one still works; so a token is kept for its life less those five minutes.
"""

import msgspec
import structlog

from adapters.access_tokens import Margins
from adapters.errors import Unreachable
from adapters.http import Peer
from adapters.wechat.answers import TokenAnswer
from adapters.wechat.errors import PEER, failure, rid_of
from adapters.wechat.settings import WeChatSettings
from kit.clock import Clock

log = structlog.get_logger("adapters.wechat")

MARGINS = Margins(least_s=300, jitter_s=120)
"""The old and the new token both work for the last five minutes of the old one."""


async def fetch_token(settings: WeChatSettings, peer: Peer, clock: Clock) -> tuple[str, int]:
    """See :data:`adapters.access_tokens.Fetch`."""
    reply = await peer.request(
        "POST",
        "/cgi-bin/stable_token",
        json={
            "grant_type": "client_credential",
            "appid": settings.app_id,
            "secret": settings.app_secret.reveal(),
            "force_refresh": False,
        },
    )
    try:
        answer = msgspec.json.decode(reply.body, type=TokenAnswer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreachable(PEER, "broken_answer") from error
    if not answer.ok:
        log.warning("wechat_token_refused", errcode=answer.errcode, rid=rid_of(answer.errmsg))
        raise failure(answer.errcode or 0, answer.errmsg, clock.now())
    if not answer.access_token or answer.expires_in <= 0:
        raise Unreachable(PEER, "broken_answer")
    return answer.access_token, answer.expires_in
