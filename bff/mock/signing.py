"""The e-signature service's page, on which a persona signs or does not."""

from typing import Literal

from adapters.esign.simulator import UnknownFlow
from bff.mock.personas import Persona
from bff.mock.phones import persona_of
from bff.mock.schemas import OpenPage, OpenPages
from bff.mock.world import World
from kit.clock import in_china
from kit.problems import NotFound
from miniprogram_api.signatures.models import Signature
from miniprogram_api.signatures.service import SigningService

PAGES_SHOWN_MAX = 20


async def open_pages(world: World) -> OpenPages:
    """The signings that wait for somebody on the service's page, the newest first."""
    waiting = (
        await Signature.filter(state="signing", ends_at__gt=world.clock.now())
        .order_by("-begun_at")
        .limit(PAGES_SHOWN_MAX)
    )
    pages = []
    for row in waiting:
        accounts = await world.services.people.recipients(row.person_id or "")
        persona = persona_of(world.peers, accounts)
        if persona is not None and row.begun_at is not None:
            begun_at = in_china(row.begun_at)
            pages.append(OpenPage(row.id, persona.key, row.upstream_id or "", begun_at))
    return OpenPages(pages)


async def answer_signing_page(
    world: World, signature_id: str, persona: Persona, outcome: Literal["sign", "refuse"]
) -> None:
    """NotFound for a signature that opens no page, or another person's."""
    signing: SigningService = world.services.provided[SigningService]
    flow_id = await signing.upstream(signature_id)
    if flow_id is None:
        raise NotFound
    try:
        world.peers.e_signature.answer(flow_id, persona.key, outcome)
    except UnknownFlow:
        raise NotFound from None
