"""The service's access token: how it is asked for and how long it is kept.

It lives two hours (``expires_in`` 7194 was seen). Whether the service keeps an old token alive when
a new one is given out is not known: a token that is rejected is replaced once, by whatever another
process has fetched meanwhile or else by a fresh one.
"""

import base64

from adapters.access_tokens import Margins
from adapters.http import Peer
from adapters.licences.documents import token_in
from adapters.licences.settings import LicenceSettings
from kit.ids import new_id

MARGINS = Margins(least_s=60, jitter_s=60)
"""It is given up a minute before its end, so that no question is on its way when it dies."""


async def fetch_token(settings: LicenceSettings, peer: Peer) -> tuple[str, int]:
    """See :data:`adapters.access_tokens.Fetch`."""
    own = f"{settings.client_id}:{settings.client_secret.reveal()}"
    reply = await peer.request(
        "GET",
        settings.token_path,
        headers={
            "Apikey": settings.api_key.reveal(),
            "Authorization": f"Basic {base64.b64encode(own.encode()).decode()}",
            "X-BizId": new_id(),
        },
    )
    return token_in((reply.status, reply.body))
