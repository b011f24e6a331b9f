"""Who may call what: one line for each route of the product, one for each access rule.

A new route gets a line in :data:`LINES`; the tests fail until it has one. A route that takes a body
says a right one where a test must come past it: when only verified citizens may call the route, or
when it takes somebody's id.
"""

from dataclasses import dataclass
from typing import Any

NOBODY, EXPIRED, ENDED = "nobody", "whose token expired", "whose session ended"
UNCHECKED, LATE, VERIFIED = "signed in, never checked", "checked long ago", "checked just now"
PEER = "an outside system"
CALLERS = (NOBODY, EXPIRED, ENDED, UNCHECKED, LATE, VERIFIED, PEER)

IN = "in"
"""Whatever the answer is, it is none of those that keep somebody out."""
LOGIN, MADE_UP = "login_required", "access_token_invalid"
OVER, OLD, CHECK = "session_ended", "access_token_expired", "identity_check_required"
UNSIGNED = "terminal_not_authentic"
REFUSALS = frozenset({LOGIN, MADE_UP, OVER, OLD, CHECK, UNSIGNED})

_SIGNED_IN = {NOBODY: LOGIN, EXPIRED: OLD, ENDED: OVER, PEER: MADE_UP}
RULES: dict[str, dict[str, str]] = {
    "public": dict.fromkeys(CALLERS, IN),
    "peers": dict.fromkeys(CALLERS, IN),
    "terminals": dict.fromkeys(CALLERS, UNSIGNED),
    "citizens": {**_SIGNED_IN, UNCHECKED: IN, LATE: IN, VERIFIED: IN},
    "fillers": {**_SIGNED_IN, UNCHECKED: IN, LATE: IN, VERIFIED: IN},
    "link_or_owner": {**_SIGNED_IN, UNCHECKED: IN, LATE: IN, VERIFIED: IN},
    "citizens_checked_if_proven": {**_SIGNED_IN, UNCHECKED: IN, LATE: CHECK, VERIFIED: IN},
    "named_citizens": {**_SIGNED_IN, UNCHECKED: CHECK, LATE: IN, VERIFIED: IN},
    "verified_citizens": {**_SIGNED_IN, UNCHECKED: CHECK, LATE: CHECK, VERIFIED: IN},
}
"""By rule and caller: what it is told. Peers prove who they are to the handler: see the test."""


@dataclass(frozen=True)
class Line:
    rule: str
    body: Any = None
    """A right body; ``{draft_id}`` and the like stand for what the test puts in."""
    file: bool = False
    """It takes a file instead."""


PUBLIC, PEERS, CITIZENS = Line("public"), Line("peers"), Line("citizens")
FILLERS, TERMINALS = Line("fillers"), Line("terminals")
_API = "/api/v1"
LINES: dict[str, Line] = {
    "GET /healthz": PUBLIC,
    "GET /readyz": PUBLIC,
    "GET /metrics": PUBLIC,
    "GET /openapi.json": PUBLIC,
    "GET /docs": PUBLIC,
    f"POST {_API}/auth/login": PUBLIC,
    f"POST {_API}/auth/refresh": PUBLIC,
    f"GET {_API}/auth/jwks": PUBLIC,
    f"POST {_API}/auth/logout": CITIZENS,
    f"GET {_API}/auth/sessions": CITIZENS,
    f"DELETE {_API}/auth/sessions": CITIZENS,
    f"DELETE {_API}/auth/sessions/{{session_id}}": CITIZENS,
    f"POST {_API}/auth/phone": CITIZENS,
    f"POST {_API}/auth/identity-checks": CITIZENS,
    f"GET {_API}/auth/identity-checks/{{check_id}}": CITIZENS,
    f"GET {_API}/me": CITIZENS,
    f"DELETE {_API}/me": Line("verified_citizens"),
    f"GET {_API}/me/export": Line("citizens_checked_if_proven"),
    f"GET {_API}/me/access-log": CITIZENS,
    f"GET {_API}/me/addresses": CITIZENS,
    f"POST {_API}/me/addresses": CITIZENS,
    f"PUT {_API}/me/addresses/{{address_id}}": Line(
        "citizens",
        {"name": "收件人", "phone": "13800000001", "region": "370102", "detail": "示例路1号"},
    ),
    f"DELETE {_API}/me/addresses/{{address_id}}": CITIZENS,
    f"GET {_API}/me/companies": CITIZENS,
    f"PUT {_API}/me/acting-for": Line("citizens", {"uscc": "{uscc}"}),
    f"GET {_API}/me/companies/{{uscc}}/authorisations": CITIZENS,
    f"POST {_API}/me/companies/{{uscc}}/authorisations": Line(
        "verified_citizens",
        {
            "name": "李四",
            "id_number": "370102199003078515",
            "operations": ["change"],
            "expires_on": "2026-12-31",
        },
    ),
    f"DELETE {_API}/me/companies/{{uscc}}/authorisations/{{authorisation_id}}": CITIZENS,
    f"GET {_API}/consents": CITIZENS,
    f"POST {_API}/consents": CITIZENS,
    f"DELETE {_API}/consents/{{purpose}}": CITIZENS,
    f"GET {_API}/catalogue/regions": PUBLIC,
    f"GET {_API}/catalogue/themes": PUBLIC,
    f"GET {_API}/catalogue/items": PUBLIC,
    f"GET {_API}/catalogue/items/{{code}}": PUBLIC,
    f"GET {_API}/catalogue/lookups/{{name}}": PUBLIC,
    f"POST {_API}/catalogue/plan": PUBLIC,
    f"POST {_API}/catalogue/name-checks": PUBLIC,
    f"POST {_API}/drafts": CITIZENS,
    f"GET {_API}/drafts": CITIZENS,
    f"GET {_API}/drafts/{{draft_id}}": FILLERS,
    f"DELETE {_API}/drafts/{{draft_id}}": CITIZENS,
    f"PUT {_API}/drafts/{{draft_id}}/steps/{{key}}": Line(
        "fillers", {"base_revision": 1, "answers": {}}
    ),
    f"PUT {_API}/drafts/{{draft_id}}/selection": Line("citizens", {"base_revision": 1}),
    f"POST {_API}/drafts/{{draft_id}}/rebase": Line("citizens", {"base_revision": 1}),
    f"GET {_API}/drafts/{{draft_id}}/history": CITIZENS,
    f"POST {_API}/drafts/{{draft_id}}/restore": Line(
        "citizens", {"base_revision": 1, "revision": 1}
    ),
    f"POST {_API}/drafts/{{draft_id}}/check": FILLERS,
    f"POST {_API}/drafts/{{draft_id}}/name-reservation": Line(
        "citizens", {"name": "济南试泉香餐饮有限公司", "company_type": "limited"}
    ),
    f"GET {_API}/drafts/{{draft_id}}/name-reservation": CITIZENS,
    f"DELETE {_API}/drafts/{{draft_id}}/name-reservation": CITIZENS,
    f"POST {_API}/drafts/{{draft_id}}/materials/{{code}}": Line("fillers", file=True),
    f"POST {_API}/drafts/{{draft_id}}/materials/{{code}}/use": Line(
        "citizens", {"file_id": "{file_id}"}
    ),
    f"DELETE {_API}/drafts/{{draft_id}}/materials/{{code}}/{{file_id}}": FILLERS,
    f"POST {_API}/drafts/{{draft_id}}/uploads": Line(
        "fillers", {"material": "{code}", "name": "a.pdf", "size": 9, "sha256": "0" * 64}
    ),
    f"GET {_API}/uploads/{{upload_id}}": FILLERS,
    f"PUT {_API}/uploads/{{upload_id}}": FILLERS,
    f"POST {_API}/uploads/{{upload_id}}/complete": FILLERS,
    f"GET {_API}/drafts/{{draft_id}}/documents": CITIZENS,
    f"POST {_API}/drafts/{{draft_id}}/documents/{{code}}": CITIZENS,
    f"POST {_API}/drafts/{{draft_id}}/signatures": CITIZENS,
    f"GET {_API}/drafts/{{draft_id}}/signatures": CITIZENS,
    f"GET {_API}/signatures": CITIZENS,
    f"GET {_API}/signatures/{{signature_id}}": CITIZENS,
    f"POST {_API}/signatures/{{signature_id}}/sign": Line(
        "verified_citizens", {"documents": [{"code": "articles", "sha256": "0" * 64}]}
    ),
    f"POST {_API}/signatures/{{signature_id}}/refuse": Line("citizens", {"reason": "other"}),
    f"POST {_API}/drafts/{{draft_id}}/invitations": Line(
        "citizens", {"role": "helper", "scope": {"steps": None, "materials": True}}
    ),
    f"GET {_API}/drafts/{{draft_id}}/invitations": CITIZENS,
    f"DELETE {_API}/invitations/{{invitation_id}}": CITIZENS,
    f"POST {_API}/invitations/{{token}}/accept": Line("named_citizens"),
    f"POST {_API}/drafts/{{draft_id}}/handover-codes": Line("citizens", {"purpose": "counter"}),
    f"GET {_API}/drafts/{{draft_id}}/handovers": CITIZENS,
    f"DELETE {_API}/handovers/{{handover_id}}": CITIZENS,
    f"POST {_API}/counter/handovers": Line("terminals", {"code": "12345678"}),
    f"DELETE {_API}/counter/handovers/{{handover_id}}": TERMINALS,
    f"GET {_API}/files/{{file_id}}": Line("link_or_owner"),
    f"POST {_API}/applications": Line(
        "verified_citizens",
        {
            "draft_id": "{draft_id}",
            "revision": 1,
            "declaration": True,
            "delivery": {"method": "window"},
        },
    ),
    f"GET {_API}/applications": CITIZENS,
    f"GET {_API}/applications/{{application_id}}": CITIZENS,
    f"GET {_API}/applications/{{application_id}}/timeline": CITIZENS,
    f"GET {_API}/applications/{{application_id}}/wait": CITIZENS,
    f"GET {_API}/home": CITIZENS,
    f"GET {_API}/messages": CITIZENS,
    f"GET {_API}/messages/unread-count": CITIZENS,
    f"PUT {_API}/messages/{{message_id}}/read": CITIZENS,
    f"GET {_API}/messages/consent-plan": CITIZENS,
    f"POST {_API}/messages/consents": CITIZENS,
    f"POST {_API}/callbacks/province/status": PEERS,
    f"POST {_API}/callbacks/province/certificate": PEERS,
    f"GET {_API}/callbacks/province/document": PEERS,
    f"GET {_API}/callbacks/wechat": PEERS,
    f"POST {_API}/callbacks/wechat": PEERS,
    f"POST {_API}/callbacks/alipay": PEERS,
}


def filled(template: Any, values: dict[str, str]) -> Any:
    """The template with every ``{name}`` put in."""
    if isinstance(template, str):
        for name, value in values.items():
            template = template.replace(f"{{{name}}}", value)
        return template
    if isinstance(template, dict):
        return {key: filled(value, values) for key, value in template.items()}
    return template
