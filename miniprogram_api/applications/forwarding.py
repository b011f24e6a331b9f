"""``application.forward``: brings one application to the province, exactly once.

The province is not idempotent: the same filing sent twice becomes two cases. So from the second try
on it is asked first whether an earlier one arrived.
"""

import structlog

from adapters.errors import Refused, Unreachable
from adapters.outbox.delivery import Delivery
from adapters.province.port import OneWindow, Receipt
from auth.access_log import AccessLogService
from kit.secrets import KeyRing
from miniprogram_api.applications.case import Case, News
from miniprogram_api.applications.casebook import Casebook
from miniprogram_api.applications.frozen import filing_of, opened
from miniprogram_api.applications.log import Private
from miniprogram_api.applications.models import Application
from miniprogram_api.applications.states import MatterState

log = structlog.get_logger("applications")

FORWARD_TOPIC = "application.forward"

REFUSED_BY_CONTENT = "refused"
"""The province will not have the filing as it is. Its other refusals (``package_missing``, a query
it would not answer) are nothing an applicant could mend: they are parked for an operator."""


SETTLES_S = 120.0
"""A slow province may store a filing after our call has timed out; by then it has."""


def application_key(application_id: str) -> str:
    """News of one application are taken in their order, and never before it was forwarded. A serial
    number that a peer made up may be long."""
    return f"application:{application_id[:64]}"


class ForwardHandler:
    """A try whose outcome is unknown is asked about, and when it is absent, asked about again
    after the province has had time to store it: only then is the filing sent once more. So uneven
    attempts may send, even ones only ask."""

    def __init__(
        self,
        casebook: Casebook,
        one_window: OneWindow,
        access_log: AccessLogService,
        ring: KeyRing,
    ) -> None:
        self._casebook = casebook
        self._one_window = one_window
        self._access_log = access_log
        self._ring = ring

    async def handle(self, delivery: Delivery) -> None:
        application_id = delivery.body["application_id"]
        application = await Application.get(id=application_id)
        receipt = None
        if delivery.attempt > 1:
            receipt = await self._one_window.look_up(application_id)
        if receipt is None and delivery.attempt % 2 == 0:
            raise Unreachable("province", "perhaps_on_its_way", retry_after_s=SETTLES_S)
        if receipt is None:
            try:
                receipt = await self._submit(application)
            except Refused as refused:
                if refused.code != REFUSED_BY_CONTENT:
                    # It was read all the same, and parking does not know that.
                    await self._note_access(application)
                    raise
                await self._returned(delivery, application_id, refused.reason)
                return
        async with delivery.settling():
            case = await self._case(application_id)
            await self._note_access(case.application)
            case.application.upstream_no = receipt.upstream_no
            for matter in case.matters:
                matter.upstream_no = receipt.upstream_no
                case.changed.add(matter.item_code)
            await self._casebook.take_news(case, _of_all(case, MatterState.FORWARDED))

    async def park(self, delivery: Delivery, error_code: str) -> None:
        """The applicant is told that staff see to it; the log line is the operator's alarm."""
        application_id = delivery.body["application_id"]
        log.error("application_parked", application_id=application_id, code=error_code)
        case = await self._case(application_id)
        await self._casebook.take_news(case, _of_all(case, MatterState.PARKED))

    async def _submit(self, application: Application) -> Receipt:
        content = opened(self._ring, application)
        return await self._one_window.submit(filing_of(application, content))

    async def _returned(self, delivery: Delivery, application_id: str, reason: str) -> None:
        """Refusing to take a filing in is no decision of a department (不予受理 has a form and
        remedies of its own), so the matters are returned for changes, and nothing is lost."""
        log.warning("filing_refused", application_id=application_id)
        async with delivery.settling():
            case = await self._case(application_id)
            await self._note_access(case.application)
            news = _of_all(case, MatterState.PRE_REVIEW_RETURNED, Private(reason=reason))
            await self._casebook.take_news(case, news)

    async def _note_access(self, application: Application) -> None:
        person_id = application.person_id
        await self._access_log.record(person_id, "province", "application", "application")

    async def _case(self, application_id: str) -> Case:
        case = await self._casebook.take_up(application_id)
        if case is None:
            raise LookupError(application_id)
        return case


def _of_all(case: Case, state: MatterState, private: Private | None = None) -> News:
    items = tuple(matter.item_code for matter in case.matters)
    return News(state=state, items=items, from_peer=False, private=private)
