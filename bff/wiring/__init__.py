"""The composition root: the only place that names concrete adapters. Imported by processes only."""

from functools import partial
from typing import Any

from sanic import Blueprint

import auth.callback_routes
import auth.company_routes
import auth.me_routes
import auth.routes
import miniprogram_api.applications.routes
import miniprogram_api.catalogue.routes
import miniprogram_api.drafts.routes
import miniprogram_api.home.routes
import miniprogram_api.invitations.routes
import miniprogram_api.materials.document_routes
import miniprogram_api.materials.routes
import miniprogram_api.materials.upload_routes
import miniprogram_api.messages.routes
import miniprogram_api.names.routes
import miniprogram_api.signatures.routes
from adapters.outbox.relay import Relay
from auth.handed_over import HandedOver
from bff.services import Services
from bff.settings import Settings
from bff.wiring.features import follow_applications, keep_forms, tell_applicants
from bff.wiring.ground import lay_ground
from bff.wiring.inviting import let_others_in
from bff.wiring.peers import reach_peers
from bff.wiring.people import know_people, serve_people
from bff.wiring.signing import let_sign
from bff.wiring.storing import tell_of_scanner
from kit.clock import Clock, SystemClock
from kit.coordination.ports import RateLimits
from kit.idempotency import IdempotencyStore
from kit.workdays import WorkCalendar
from miniprogram_api.home.service import HomeService

PRODUCT_BLUEPRINTS: tuple[Blueprint, ...] = (
    auth.routes.bp,
    auth.me_routes.bp,
    auth.company_routes.bp,
    auth.callback_routes.bp,
    miniprogram_api.catalogue.routes.bp,
    miniprogram_api.drafts.routes.bp,
    miniprogram_api.materials.routes.bp,
    miniprogram_api.materials.upload_routes.bp,
    miniprogram_api.materials.document_routes.bp,
    miniprogram_api.invitations.routes.bp,
    miniprogram_api.signatures.routes.bp,
    miniprogram_api.names.routes.bp,
    miniprogram_api.applications.routes.bp,
    miniprogram_api.messages.routes.bp,
    miniprogram_api.home.routes.bp,
)


def assemble(
    settings: Settings, clock: Clock | None = None, calendar: WorkCalendar | None = None
) -> Services:
    """Everything a process needs, not yet opened. The mock hands in a clock that it can move."""
    ground = lay_ground(settings, clock or SystemClock(), calendar or WorkCalendar())
    peers = reach_peers(ground)
    who = know_people(ground, peers)
    forms, keeping = keep_forms(ground, peers, who)
    inbox, pushing = tell_applicants(ground, peers, who)
    applications, following = follow_applications(ground, peers, who, forms)
    tasks, signing = let_sign(ground, peers, who, forms)
    handovers, inviting = let_others_in(ground, who, forms.drafts, tasks)
    features = (keeping, pushing, following, inviting, signing)
    belongings = [kept for feature in features for kept in feature.belongings]
    identity, serving = serve_people(ground, peers, who, belongings)
    home = HomeService(who.people, forms.drafts, applications, inbox, ground.clock)
    idempotency = IdempotencyStore(ground.ring, ground.clock)
    groups = (serving, *features)
    relay = Relay(
        {topic: h for group in groups for topic, h in group.handlers.items()}, ground.clock
    )
    provided: dict[type, Any] = {
        type(service): service
        for service in (
            *(service for group in groups for service in group.services),
            home,
            idempotency,
            ground.coordination,
            relay,
        )
    }
    provided[HandedOver] = handovers
    provided[RateLimits] = ground.coordination.rate_limits
    return Services(
        settings=settings,
        clock=ground.clock,
        ring=ground.ring,
        http=ground.http,
        coordination=ground.coordination,
        outbox=ground.outbox,
        workshop=ground.workshop,
        relay=relay,
        admission=who.admission,
        people=who.people,
        identity=identity,
        housekeeping={
            "idempotency keys": idempotency.purge,
            "outbox": relay.purge,
            **{name: sweep for group in groups for name, sweep in group.sweeps.items()},
        },
        opening=(
            partial(tell_of_scanner, peers.scanner),
            *(open_ for group in groups for open_ in group.opening),
        ),
        following={name: it for group in groups for name, it in group.following.items()},
        provided=provided,
    )
