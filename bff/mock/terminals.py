"""A counter and a kiosk to play with: what stands in a service hall and signs its requests."""

import secrets

import msgspec

from auth.terminal import Terminal
from auth.terminals import Terminals, signature_of
from bff.mock.problems import UnknownTerminal
from bff.mock.schemas import TerminalView
from bff.services import Services
from kit.ids import new_token
from miniprogram_api.invitations.handovers import HandoverService
from miniprogram_api.invitations.schemas import ClaimedHandover

CLAIM_PATH = "/api/v1/counter/handovers"
_TERMINALS = {
    "lixia-counter-3": ("counter", "济南市历下区政务服务中心3号窗口"),
    "lixia-kiosk-1": ("kiosk", "济南市历下区政务服务中心1号自助终端"),
}


def development_keys() -> dict[str, str]:
    """Environment values that a folder keeps."""
    return {
        "TERMINALS": ",".join(f"{key}:{kind}:{name}" for key, (kind, name) in _TERMINALS.items()),
        "TERMINAL_SECRETS": ",".join(f"{key}:{secrets.token_urlsafe(32)}" for key in _TERMINALS),
    }


def terminals_of(services: Services) -> list[TerminalView]:
    return [
        TerminalView(terminal.id, terminal.kind, terminal.name)
        for terminal in services.settings.terminals
    ]


async def claim(services: Services, terminal_id: str, code: str) -> ClaimedHandover:
    """As if the terminal had sent it: signed, admitted and claimed like every request of one."""
    terminals: Terminals = services.provided[Terminals]
    handovers: HandoverService = services.provided[HandoverService]
    terminal = terminals.known.get(terminal_id)
    if terminal is None:
        raise UnknownTerminal
    body = msgspec.json.encode({"code": code})
    headers = signed(terminal, int(services.clock.now().timestamp()), "POST", CLAIM_PATH, body)
    return await handovers.claim(await terminals.admit("POST", CLAIM_PATH, headers, body), code)


def signed(
    terminal: Terminal, timestamp: int, method: str, target: str, body: bytes
) -> dict[str, str]:
    """The headers of one request, as a terminal makes them."""
    nonce = new_token(18)
    return {
        "x-terminal-id": terminal.id,
        "x-terminal-timestamp": str(timestamp),
        "x-terminal-nonce": nonce,
        "x-terminal-signature": signature_of(
            terminal.secret, method, target, str(timestamp), nonce, body
        ),
    }
