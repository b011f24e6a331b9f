"""How long sessions live. On a clock of their own: half a year would age everybody else's world."""

from datetime import timedelta

import pytest

from auth.admission import Admission
from auth.audit import AuditTrail
from auth.models import PlatformAccount, Session
from auth.problems import RefreshTokenInvalid
from auth.sessions import AGE_MAX, IDLE_MAX, Place, SessionService
from auth.tokens import TokenService
from kit.clock import ShiftableClock
from kit.coordination.ports import Coordination
from kit.ids import new_id
from kit.secrets import KeyRing

DEVICE = "id:a-device-1"


@pytest.fixture
def clock() -> ShiftableClock:
    return ShiftableClock()


@pytest.fixture
def sessions(world, clock) -> SessionService:
    tokens = TokenService({"k": b"k" * 32}, clock)
    admission = Admission(tokens, world.services.provided[Coordination].notifier, clock)
    ring = KeyRing({"k": b"k" * 32}, "k", b"i" * 32)
    return SessionService(tokens, admission, AuditTrail(clock), ring, clock)


@pytest.fixture
async def account(clock) -> PlatformAccount:
    return await PlatformAccount.create(
        id=new_id(),
        person_id=new_id(),
        platform="wechat",
        app_id="wx",
        open_id="o",
        created_at=clock.now(),
    )


async def test_an_idle_session_runs_out_and_is_erased(sessions, account, clock):
    granted = await sessions.open(Place(account.id, account.person_id, DEVICE, "s" * 64), None)
    clock.advance(IDLE_MAX - timedelta(minutes=1))
    granted = await sessions.refresh(granted.refresh_token.reveal(), DEVICE)
    clock.advance(IDLE_MAX - timedelta(minutes=1))
    assert await sessions.purge() == 0
    clock.advance(timedelta(minutes=2))
    with pytest.raises(RefreshTokenInvalid):
        await sessions.refresh(granted.refresh_token.reveal(), DEVICE)
    assert await sessions.open_sessions(account.person_id) == []
    assert (await sessions.purge(), await Session.all().count()) == (1, 0)


async def test_however_often_refreshed_a_session_ends_after_half_a_year(sessions, account, clock):
    granted = await sessions.open(Place(account.id, account.person_id, DEVICE, "s" * 64), None)
    for _ in range(AGE_MAX.days // 20 - 1):
        clock.advance(timedelta(days=20))
        granted = await sessions.refresh(granted.refresh_token.reveal(), DEVICE)
    assert granted.refresh_expires_in_s <= timedelta(days=20).total_seconds()
    clock.advance(timedelta(days=20))
    with pytest.raises(RefreshTokenInvalid):
        await sessions.refresh(granted.refresh_token.reveal(), DEVICE)
