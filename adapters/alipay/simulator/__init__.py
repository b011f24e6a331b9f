"""The far side of the wire: Alipay's gateway for one mini-program, its people with their phones,
its notices to us. It checks what it is sent as the real one does."""

from collections.abc import Mapping
from datetime import datetime

from aiohttp import web

from adapters.alipay.simulator.certifications import (
    Certifications,
    Outcome,
    State,
    UnknownCertification,
)
from adapters.alipay.simulator.gateway import PATH, Gateway
from adapters.alipay.simulator.keys import KeyOffice, development_keys
from adapters.alipay.simulator.notices import Notices
from adapters.alipay.simulator.people import People, UnknownPerson
from adapters.alipay.simulator.scenarios import SCENARIOS
from adapters.alipay.simulator.wire import AlipaySide
from adapters.far_side import FarSide

__all__ = [
    "SCENARIOS",
    "AlipaySide",
    "AlipaySimulator",
    "KeyOffice",
    "UnknownCertification",
    "UnknownPerson",
    "development_keys",
]


class AlipaySimulator:
    """Implements :class:`adapters.far_side.Simulator`. All that it knows is in its far side's file.

    The product's gateway address is that of :meth:`application` with ``/gateway.do``.
    """

    name = "alipay"

    def __init__(self, far_side: FarSide, side: AlipaySide) -> None:
        self._far = far_side
        self._keys = KeyOffice(far_side)
        self._people = People(side, far_side)
        self._certifications = Certifications(self._people, far_side)
        self._gateway = Gateway(
            side,
            far_side,
            self._keys,
            {
                "alipay.system.oauth.token": self._people.exchange,
                "alipay.user.certify.open.initialize": self._certifications.begin,
                "alipay.user.certify.open.query": self._certifications.query,
            },
            self._certifications.open_page,
        )
        self._notices = Notices(side, far_side, self._gateway.signer)

    def application(self) -> web.Application:
        application = web.Application(client_max_size=1024 * 1024)
        application.router.add_post(PATH, self._gateway.handle)
        application.router.add_get(PATH, self._gateway.handle)
        return application

    # What the far side does by itself.

    def next_due(self) -> datetime | None:
        return self._far.next_due()

    async def run_due(self) -> int:
        return await self._notices.run_due()

    def notify(self, method: str, fields: Mapping[str, str]) -> str:
        """A notice to us, due at once and sent up to eight times until it is taken. Its id."""
        return self._notices.schedule(method, fields)

    def rotate_certificate(self) -> str:
        """Certificate mode: Alipay takes a new certificate, without asking anybody. Its serial."""
        return self._keys.rotate()

    # What people do with their phones.

    def register_person(self, key: str, name: str, id_number: str, phone: str) -> None:
        """A second time changes them."""
        self._people.register(key, name, id_number, phone)

    def open_id_of(self, person_key: str) -> str:
        return self._people.open_id(person_key)

    def user_id_of(self, person_key: str) -> str:
        """What old apps get instead of the open id."""
        return self._people.user_id(person_key)

    def issue_login_code(self, person_key: str) -> str:
        """What ``my.getAuthCode`` gives: once, for three minutes. :class:`UnknownPerson`."""
        return self._people.issue_code(person_key)

    def phone_response(self, person_key: str) -> str:
        """What ``my.getPhoneNumber`` gives the page. :class:`UnknownPerson`."""
        return self._people.phone_response(person_key, self._gateway.signer())

    def answer_certification(self, certify_id: str, person_key: str, outcome: Outcome) -> State:
        """What the dialog comes to in front of this person: passing needs the one whose name and
        number were given. A cancelled one stays pending. :class:`UnknownCertification` for none of
        that id or after its 23 hours."""
        return self._certifications.answer(certify_id, person_key, outcome)
