"""What every part stands on, and what a part gives back."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.http import HTTPClients
from adapters.outbox.delivery import TopicHandler
from adapters.outbox.put import Inbox, Outbox
from adapters.storage.port import Storage
from auth.belongings import Belongings
from bff.settings import Settings
from bff.wiring.storing import open_storage
from kit.clock import Clock, moved_by
from kit.coordination import open_coordination
from kit.coordination.ports import Coordination
from kit.secrets import KeyRing
from kit.workdays import WorkCalendar
from kit.workshop import Workshop

Sweep = Callable[[], Awaitable[int]]
Opening = Callable[[], Awaitable[None]]
Following = Callable[[], Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class Ground:
    settings: Settings
    clock: Clock
    calendar: WorkCalendar
    ring: KeyRing
    http: HTTPClients
    coordination: Coordination
    outbox: Outbox
    inbox: Inbox
    workshop: Workshop
    storage: Storage


@dataclass(frozen=True)
class Parts:
    """What a group of services adds to the process."""

    services: tuple[Any, ...]
    handlers: Mapping[str, TopicHandler]
    sweeps: Mapping[str, Sweep]
    belongings: tuple[Belongings, ...] = ()
    opening: tuple[Opening, ...] = ()
    """Done once, when the database is open and before anything is served."""
    following: Mapping[str, Following] = field(default_factory=dict)
    """Done for ever, by every process."""


def lay_ground(settings: Settings, clock: Clock, calendar: WorkCalendar) -> Ground:
    keys = settings.keys
    ring = KeyRing(keys.field_keys, keys.field_key_current, keys.index_key)
    outbox = Outbox(clock)
    return Ground(
        settings=settings,
        clock=clock,
        calendar=calendar,
        ring=ring,
        http=HTTPClients(),
        coordination=open_coordination(settings.redis_url, moved_by(clock)),
        outbox=outbox,
        inbox=Inbox(outbox, ring, clock),
        workshop=Workshop(),
        storage=open_storage(settings, ring, clock),
    )
