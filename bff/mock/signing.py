"""The e-signature service's page, on which a persona signs or does not."""

from typing import Literal

from adapters.esign.simulator import UnknownFlow
from bff.mock.personas import Persona
from bff.mock.world import World
from kit.problems import NotFound
from miniprogram_api.signatures.service import SigningService


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
