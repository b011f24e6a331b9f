"""The far side of the wire: WeChat's API for one mini-program, its people with their phones, its
pushes to us. It checks what it is sent as the real one does."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from aiohttp import web

from adapters.far_side import FarSide
from adapters.far_wire import handler
from adapters.wechat.simulator import scenarios
from adapters.wechat.simulator.face import FaceChecks, Outcome, UnknownFaceCheck
from adapters.wechat.simulator.messages import DialogRefused, Messages, PhoneMessage
from adapters.wechat.simulator.people import People, UnknownPerson
from adapters.wechat.simulator.pushes import Pushes
from adapters.wechat.simulator.scenarios import SCENARIOS
from adapters.wechat.simulator.tokens import TokenOffice
from adapters.wechat.simulator.wire import Answering, Call, Endpoint, WeChatSide

__all__ = [
    "SCENARIOS",
    "DialogRefused",
    "PhoneMessage",
    "UnknownFaceCheck",
    "UnknownPerson",
    "WeChatSide",
    "WeChatSimulator",
]


class WeChatSimulator:
    """Implements :class:`adapters.far_side.Simulator`. All that it knows is in its far side's file.

    Serve :meth:`application` without an access log: the addresses of the real API carry the app
    secret, codes and tokens.
    """

    name = "wechat"

    def __init__(self, far_side: FarSide, side: WeChatSide) -> None:
        self._far = far_side
        self._side = side
        self._tokens = TokenOffice(side, far_side)
        self._people = People(side, far_side)
        self._faces = FaceChecks(self._people, far_side)
        self._pushes = Pushes(side, far_side)
        self._messages = Messages(side, far_side, self._people, self._pushes)

    def application(self) -> web.Application:
        application = web.Application(client_max_size=1024 * 1024)
        routes: tuple[tuple[str, str, Answering], ...] = (
            ("POST", scenarios.STABLE_TOKEN, self._tokens.stable_token),
            ("GET", scenarios.OLD_TOKEN, self._tokens.old_token),
            ("GET", scenarios.LOGIN, self._people.code_to_session),
            ("POST", scenarios.PHONE, self._guarded(self._people.phone_number)),
            ("POST", scenarios.FACE_BEGIN, self._guarded(self._faces.get_verify_id)),
            ("POST", scenarios.FACE_RESULT, self._guarded(self._faces.query_verify_info)),
            ("POST", scenarios.SEND, self._guarded(self._messages.send)),
        )
        for method, path, answering in routes:
            endpoint = Endpoint(self._far, method, path, answering)
            application.router.add_route("*", path, handler(endpoint.handle))
        return application

    # What the far side does by itself.

    def next_due(self) -> datetime | None:
        return self._far.next_due()

    async def run_due(self) -> int:
        return await self._pushes.run_due()

    # What people do with their phones.

    def register_person(self, key: str, name: str, id_number: str, phone: str) -> None:
        """A phone outside the mainland is written ``+852 61234567``. A second time changes them."""
        self._people.register(key, name, id_number, phone)

    def open_id_of(self, person_key: str) -> str:
        return self._people.open_id(person_key)

    def issue_login_code(self, person_key: str) -> str:
        """What ``wx.login`` gives: once, for five minutes. :class:`UnknownPerson`."""
        return self._people.issue_code("login_code", person_key)

    def issue_phone_code(self, person_key: str) -> str:
        """What the phone-number button gives: once, for five minutes. :class:`UnknownPerson`."""
        return self._people.issue_code("phone_code", person_key)

    def answer_face_dialog(self, verify_id: str, person_key: str, outcome: Outcome) -> int:
        """The ``verify_ret`` it comes to. Passing needs the right person as well: another name or
        number than theirs is 10003, another person's phone 10041. :class:`UnknownFaceCheck`."""
        return self._faces.answer_dialog(verify_id, person_key, outcome)

    def answer_subscribe_dialog(
        self, person_key: str, answers: Mapping[str, str]
    ) -> dict[str, str]:
        """Template id to accept, reject, ban, filter...: what the page gets. :class:`DialogRefused`
        for what the dialog itself would refuse. The push to us is due at once."""
        return self._messages.answer_dialog(person_key, answers)

    def change_subscription(self, person_key: str, template_id: str, answer: str) -> None:
        """In the phone's settings: ``accept`` or ``reject``."""
        self._messages.change_subscription(person_key, template_id, answer)

    def quota_left(self, person_key: str, template_id: str) -> int | None:
        """None: without limit."""
        return self._messages.quota(person_key, template_id)

    def sent_messages(self, person_key: str | None = None) -> list[PhoneMessage]:
        """What the phones showed, oldest first."""
        return self._messages.shown(person_key)

    def revoke_token(self) -> None:
        """The stable access token dies at once."""
        self._tokens.revoke()

    def _guarded(
        self, answering: Callable[[Call], dict[str, Any]]
    ) -> Callable[[Call], dict[str, Any]]:
        """Behind the access token."""

        def checked(call: Call) -> dict[str, Any]:
            self._tokens.check(call)
            return answering(call)

        return checked
