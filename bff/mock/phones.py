"""What the personas' phones do on each platform: sign in, give the phone number, show a face."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from adapters.aishandong.simulator import UnknownCompany as NoSuchCompany
from adapters.alipay.simulator import UnknownCertification
from adapters.wechat.simulator.face import UnknownFaceCheck
from auth.models import IdentityCheck
from auth.service import Recipient
from bff.mock.far_peers import FarPeers
from bff.mock.personas import PERSONAS, Persona
from bff.mock.problems import UnknownCompany
from bff.mock.schemas import CodeWanted, OpenDialog
from kit.clock import in_china
from kit.problems import NotFound

FaceOutcome = Literal["pass", "fail", "cancel"]
NEVER_RECOGNISED = "zhaoliu"
DIALOGS_SHOWN_MAX = 20
_DIALOGS = {"wechat_face": "wechat", "alipay_certify": "alipay"}
"""The methods that open a dialog, and on whose phones."""


def login_credential(peers: FarPeers, persona: Persona, wanted: CodeWanted) -> dict[str, str]:
    """What the platform's login gives the mini-program, good once."""
    match wanted.platform:
        case "wechat":
            return {"code": peers.wechat.issue_login_code(persona.key)}
        case "alipay":
            return {"code": peers.alipay.issue_login_code(persona.key)}
        case "aishandong":
            try:
                uscc = wanted.uscc if wanted.user_type == "2" else None
                ticket = peers.aishandong.issue_ticket(persona.key, wanted.user_type, uscc)
            except NoSuchCompany:
                raise UnknownCompany from None
            return {"ticket": ticket, "user_type": wanted.user_type}


def phone_proof(peers: FarPeers, persona: Persona, wanted: CodeWanted) -> dict[str, str]:
    """The body for ``/auth/phone``. 爱山东 has no phone button: it knows the number."""
    match wanted.platform:
        case "wechat":
            return {"code": peers.wechat.issue_phone_code(persona.key)}
        case "alipay":
            return {"response": peers.alipay.phone_response(persona.key)}
        case "aishandong":
            return {}


def persona_of(peers: FarPeers, accounts: Iterable[Recipient]) -> Persona | None:
    """Whose accounts these are."""
    open_ids = {(account.platform, account.open_id) for account in accounts}
    for persona in PERSONAS.values():
        own = {
            ("wechat", peers.wechat.open_id_of(persona.key)),
            ("alipay", peers.alipay.open_id_of(persona.key)),
            ("aishandong", peers.aishandong.user_id_of(persona.key)),
        }
        if own & open_ids:
            return persona
    return None


async def open_dialogs(peers: FarPeers, now: datetime) -> list[OpenDialog]:
    """The checks that wait for somebody's face, the newest first."""
    checks = (
        await IdentityCheck.filter(state="pending", method__in=list(_DIALOGS), expires_at__gt=now)
        .order_by("-id")
        .limit(DIALOGS_SHOWN_MAX)
    )
    dialogs = []
    for check in checks:
        phone = Recipient(_DIALOGS[check.method], "", check.open_id)
        persona = persona_of(peers, [phone])
        if persona is not None:
            begun_at = in_china(check.created_at)
            dialogs.append(OpenDialog(check.id, persona.key, check.method, begun_at))
    return dialogs


def answer_face_dialog(
    peers: FarPeers, persona: Persona, method: str, upstream_id: str, outcome: FaceOutcome
) -> None:
    """NotFound for a check that opens no dialog, or whose dialog is closed."""
    if persona.key == NEVER_RECOGNISED and outcome == "pass":
        outcome = "fail"
    try:
        match method:
            case "wechat_face":
                peers.wechat.answer_face_dialog(upstream_id, persona.key, outcome)
            case "alipay_certify":
                peers.alipay.answer_certification(upstream_id, persona.key, outcome)
            case _:
                raise NotFound
    except (UnknownFaceCheck, UnknownCertification):
        raise NotFound from None
