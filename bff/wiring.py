"""The composition root: the only place that names concrete adapters. Imported by processes only."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sanic import Blueprint

import auth.routes
import miniprogram_api.applications.routes
import miniprogram_api.catalogue.routes
import miniprogram_api.drafts.routes
import miniprogram_api.home.routes
import miniprogram_api.materials.routes
import miniprogram_api.messages.routes
from adapters.http import HTTPClients, PeerLimits
from adapters.outbox.delivery import TopicHandler
from adapters.outbox.put import Inbox, Outbox
from adapters.outbox.relay import Relay
from adapters.province.callbacks import ProvincePush
from adapters.province.client import ProvinceClient
from adapters.storage.local import LocalStorage
from adapters.wechat.callbacks import WeChatMessagePush
from adapters.wechat.client import WeChatClient
from adapters.wechat.port import WeChat
from adapters.wechat.templates import registered_templates
from auth.admission import Admission
from auth.consents import ConsentService, load_texts
from auth.identity_checks import IdentityCheckService
from auth.login import LoginService
from auth.service import PeopleService
from auth.sessions import SessionService
from auth.tokens import TokenService
from auth.wechat_face import WeChatFaceCheck
from auth.wechat_login import WeChatPlatformLogin
from bff.recipients import PeopleAsRecipients
from bff.services import Services
from bff.settings import Settings
from kit.clock import Clock, SystemClock
from kit.coordination import open_coordination
from kit.coordination.ports import Coordination, RateLimits
from kit.idempotency import IdempotencyStore
from kit.secrets import KeyRing
from kit.workdays import WorkCalendar
from miniprogram_api.applications.casebook import Casebook
from miniprogram_api.applications.documents import FiledDocuments
from miniprogram_api.applications.forwarding import ForwardHandler
from miniprogram_api.applications.log import ApplicationLog
from miniprogram_api.applications.notices import (
    CertificateHandler,
    ProvincePushes,
    StatusHandler,
)
from miniprogram_api.applications.overdue import OverdueHandler
from miniprogram_api.applications.service import ApplicationService
from miniprogram_api.applications.submitting import SubmissionService
from miniprogram_api.applications.views import ApplicationViews
from miniprogram_api.applications.waiting import Waiters
from miniprogram_api.catalogue.service import Catalogue, CatalogueService
from miniprogram_api.drafts.service import DraftService
from miniprogram_api.home.service import HomeService
from miniprogram_api.materials.erasure import FileErasure
from miniprogram_api.materials.service import MaterialService
from miniprogram_api.messages.service import MessageService, WeChatEvents
from push.channels.wechat import WeChatChannel
from push.consents import PushConsents
from push.dispatch import SendHandler, TellHandler
from push.inbox import MessageInbox
from push.platform_events import PlatformEvents
from push.ports import ChannelTemplate

PRODUCT_BLUEPRINTS: tuple[Blueprint, ...] = (
    auth.routes.bp,
    miniprogram_api.catalogue.routes.bp,
    miniprogram_api.drafts.routes.bp,
    miniprogram_api.materials.routes.bp,
    miniprogram_api.applications.routes.bp,
    miniprogram_api.messages.routes.bp,
    miniprogram_api.home.routes.bp,
)
Sweep = Callable[[], Awaitable[int]]


@dataclass(frozen=True)
class _Ground:
    """What every part stands on."""

    settings: Settings
    clock: Clock
    calendar: WorkCalendar
    ring: KeyRing
    http: HTTPClients
    coordination: Coordination
    outbox: Outbox
    inbox: Inbox


@dataclass(frozen=True)
class _Parts:
    """What a group of services adds to the process."""

    services: tuple[Any, ...]
    handlers: Mapping[str, TopicHandler]
    sweeps: Mapping[str, Sweep]


def assemble(
    settings: Settings, clock: Clock | None = None, calendar: WorkCalendar | None = None
) -> Services:
    """Everything a process needs, not yet opened. The mock hands in a clock that it can move."""
    ground = _ground(settings, clock or SystemClock(), calendar or WorkCalendar())
    wechat = WeChatClient(
        settings.wechat,
        ground.http,
        ground.coordination.cache,
        ground.coordination.locks,
        ground.clock,
    )
    people, identity, admission, who = _who(ground, wechat)
    drafts, materials, forms = _forms(ground)
    inbox, pushing = _pushing(ground, wechat, people)
    following, applications = _applications(ground, drafts, materials)
    home = HomeService(people, drafts, applications, inbox, ground.clock)
    idempotency = IdempotencyStore(ground.ring, ground.clock)
    groups = (who, forms, pushing, following)
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
        admission=admission,
        people=people,
        identity=identity,
        housekeeping={
            "idempotency keys": idempotency.purge,
            "outbox": relay.purge,
            **{name: sweep for group in groups for name, sweep in group.sweeps.items()},
        },
        provided=provided,
    )


def _ground(settings: Settings, clock: Clock, calendar: WorkCalendar) -> _Ground:
    keys = settings.keys
    ring = KeyRing(keys.field_keys, keys.field_key_current, keys.index_key)
    outbox = Outbox(clock)
    return _Ground(
        settings=settings,
        clock=clock,
        calendar=calendar,
        ring=ring,
        http=HTTPClients(),
        coordination=open_coordination(settings.redis_url),
        outbox=outbox,
        inbox=Inbox(outbox, ring, clock),
    )


def _who(
    ground: _Ground, wechat: WeChat
) -> tuple[PeopleService, IdentityCheckService, Admission, _Parts]:
    """Login, sessions, identity checks, consents."""
    clock, ring = ground.clock, ground.ring
    consents = ConsentService(load_texts(), clock)
    people = PeopleService(ring, consents, clock)
    tokens = TokenService(ground.settings.keys.token_keys, clock)
    admission = Admission(tokens, ground.coordination.notifier, clock)
    sessions = SessionService(tokens, admission, ring, clock)
    platforms = {"wechat": WeChatPlatformLogin(wechat, ground.settings.wechat.app_id)}
    login = LoginService(platforms, sessions, people, clock)
    methods = {"wechat_face": WeChatFaceCheck(wechat)}
    identity = IdentityCheckService(methods, people, consents, ring, clock)
    services = (consents, people, tokens, admission, sessions, login, identity)
    sweeps = {"sessions": sessions.purge, "identity checks": identity.purge}
    return people, identity, admission, _Parts(services, {}, sweeps)


def _forms(ground: _Ground) -> tuple[DraftService, MaterialService, _Parts]:
    """The catalogue, drafts and their materials."""
    clock, ring, outbox = ground.clock, ground.ring, ground.outbox
    catalogue = CatalogueService(Catalogue.load(), clock)
    storage = LocalStorage(ground.settings.storage_dir, ring, clock)
    drafts = DraftService(catalogue, outbox, ring, clock)
    materials = MaterialService(drafts, storage, outbox, ring, clock)
    handlers: dict[str, TopicHandler] = {"file.erase": FileErasure(storage)}
    sweeps = {
        "expired drafts": drafts.erase_expired,
        "orphaned files": materials.sweep_orphans,
    }
    return drafts, materials, _Parts((catalogue, drafts, materials), handlers, sweeps)


def _pushing(ground: _Ground, wechat: WeChat, people: PeopleService) -> tuple[MessageInbox, _Parts]:
    """What the applicant is told, in the app and on the phone."""
    clock = ground.clock
    recipients = PeopleAsRecipients(people)
    channels = (WeChatChannel(wechat, _wechat_templates(ground.settings)),)
    consents = PushConsents(channels, clock)
    inbox = MessageInbox(clock)
    events = PlatformEvents("wechat", ground.inbox, recipients, consents, clock)
    callbacks = WeChatMessagePush(ground.settings.wechat, clock)
    handlers: dict[str, TopicHandler] = {
        "applicant.tell": TellHandler(channels, recipients, ground.outbox, clock),
        "push.send": SendHandler(channels, recipients, consents, clock),
        "wechat.event": events,
    }
    services = (MessageService(inbox, consents), WeChatEvents(callbacks, events))
    return inbox, _Parts(services, handlers, {})


def _wechat_templates(settings: Settings) -> list[ChannelTemplate]:
    """The account's subscribe messages as pushing sees them."""
    return [
        ChannelTemplate(
            key=template.key,
            template_id=template_id,
            name=template.title,
            long_term=template.long_term,
            keywords=tuple(template.keywords),
        )
        for template_id, template in registered_templates(settings.wechat.templates).items()
    ]


def _applications(
    ground: _Ground, drafts: DraftService, materials: MaterialService
) -> tuple[_Parts, ApplicationService]:
    """Submitting, forwarding to the province, following every matter."""
    clock, ring, settings = ground.clock, ground.ring, ground.settings
    peer = ground.http.peer(
        "province",
        settings.province.base_url,
        PeerLimits(total_s=settings.province_timeout_s, concurrency=8),
    )
    one_window = ProvinceClient(peer, settings.province, clock)
    callbacks = ProvincePush(settings.province)
    waiters = Waiters(ground.coordination.notifier)
    log = ApplicationLog(ring)
    views = ApplicationViews(ring, clock)
    casebook = Casebook(log, ground.outbox, ground.calendar, waiters, ring, clock)
    applications = ApplicationService(log, views, waiters)
    submissions = SubmissionService(drafts, casebook, ground.outbox, views, ring, clock)
    handlers: dict[str, TopicHandler] = {
        "application.forward": ForwardHandler(casebook, one_window, ring),
        "province.status": StatusHandler(casebook, ground.inbox),
        "province.certificate": CertificateHandler(casebook, ground.inbox),
        "matter.overdue": OverdueHandler(casebook, clock),
    }
    pushes = ProvincePushes(callbacks, ground.inbox)
    documents = FiledDocuments(callbacks, materials)
    services = (applications, submissions, pushes, documents)
    return _Parts(services, handlers, {}), applications
