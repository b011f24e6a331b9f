"""Signatures: asking whoever must sign, and signing at the province's service."""

from adapters.outbox.delivery import TopicHandler
from bff.wiring.features import Forms
from bff.wiring.ground import Ground, Parts
from bff.wiring.peers import Peers
from bff.wiring.people import People
from miniprogram_api.signatures.service import (
    REMIND_TOPIC,
    REVIEW_TOPIC,
    SETTLE_TOPIC,
    RemindHandler,
    ReviewHandler,
    SettleHandler,
    SignatureAsking,
    SignatureBelongings,
    SignatureSettling,
    SigningService,
    Teller,
)


def let_sign(
    ground: Ground, peers: Peers, who: People, forms: Forms
) -> tuple[SigningService, Parts]:
    clock, outbox, people = ground.clock, ground.outbox, who.people
    drafts, book, service = forms.signable, forms.signatures, peers.e_signature
    teller = Teller(outbox)
    asking = SignatureAsking(drafts, forms.documents, book, people, teller, outbox, clock)
    settling = SignatureSettling(drafts, service, book, teller, clock)
    signing = SigningService(
        drafts, service, book, settling, people, who.companies, who.access_log, outbox, clock
    )
    handlers: dict[str, TopicHandler] = {
        REMIND_TOPIC: RemindHandler(drafts, people, teller, outbox, clock),
        REVIEW_TOPIC: ReviewHandler(drafts, asking),
        SETTLE_TOPIC: SettleHandler(settling, outbox, clock),
    }
    belongings = (SignatureBelongings(book, people),)
    services = (asking, signing, drafts, book)
    return signing, Parts(services, handlers, {}, belongings)
