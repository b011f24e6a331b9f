"""The composition root: the only place that names concrete adapters. Imported by processes only."""

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
import miniprogram_api.materials.routes
import miniprogram_api.messages.routes
import miniprogram_api.names.routes
from adapters.outbox.relay import Relay
from bff.services import Services
from bff.settings import Settings
from bff.wiring.features import follow_applications, keep_forms, tell_applicants
from bff.wiring.ground import lay_ground
from bff.wiring.peers import reach_peers
from bff.wiring.people import know_people, serve_people
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
    drafts, materials, forms = keep_forms(ground, peers, who)
    inbox, pushing = tell_applicants(ground, peers, who)
    applications, following = follow_applications(ground, peers, who, drafts, materials)
    features = (forms, pushing, following)
    belongings = [kept for feature in features for kept in feature.belongings]
    identity, serving = serve_people(ground, peers, who, belongings)
    home = HomeService(who.people, drafts, applications, inbox, ground.clock)
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
    provided[RateLimits] = ground.coordination.rate_limits
    return Services(
        settings=settings,
        clock=ground.clock,
        ring=ground.ring,
        http=ground.http,
        coordination=ground.coordination,
        outbox=ground.outbox,
        relay=relay,
        admission=who.admission,
        people=who.people,
        identity=identity,
        housekeeping={
            "idempotency keys": idempotency.purge,
            "outbox": relay.purge,
            **{name: sweep for group in groups for name, sweep in group.sweeps.items()},
        },
        opening=tuple(open_ for group in groups for open_ in group.opening),
        following={name: it for group in groups for name, it in group.following.items()},
        provided=provided,
    )
