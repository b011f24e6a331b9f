"""Alipay's notices: who sent one, for whom, when, and until when it is sent."""

from datetime import datetime, timedelta
from itertools import pairwise
from urllib.parse import parse_qsl, urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from hypothesis import given
from hypothesis import strategies as st

from adapters.alipay.callbacks import FIELDS_MAX, FORM_BYTES_MAX, AlipayNotices
from adapters.alipay.port import NOTICE_TAKEN, NotAuthentic
from adapters.alipay.signing import notice_text, sign
from adapters.alipay.simulator import scenarios
from adapters.alipay.simulator.keys import bare
from adapters.alipay.trust import KeyTrust
from kit.clock import CHINA
from tests.adapters.alipay.world import APP_ID, ZHANG, World, material, settings_at

METHOD = "alipay.user.certify.changed"


class FixedClock:
    """It is noon in Beijing."""

    def now(self) -> datetime:
        return datetime(2026, 11, 22, 12, 0, 0, tzinfo=CHINA)


def reader() -> AlipayNotices:
    """Of an app to which the stranger is Alipay, so that we can sign for it."""
    own = settings_at("key", "http://127.0.0.1:9/gateway.do")
    trust = KeyTrust(own)
    trust._key = material().stranger.public_key()
    return AlipayNotices(own, trust, FixedClock())


def form(key: RSAPrivateKey | None = None, /, **changed: str | None) -> bytes:
    """A good notice; ``changed`` alters it before it is signed, None leaves a field out."""
    wanted: dict[str, str | None] = {
        "app_id": APP_ID,
        "notify_id": "n1",
        "notify_type": "certify_notify",
        "notify_time": "2026-11-22 12:00:05",
        "empty": "",
        "text": "已通过 & a=b+c",
        **changed,
    }
    fields = {name: value for name, value in wanted.items() if value is not None}
    signature = sign(notice_text(fields), key or material().stranger)
    return urlencode({"sign_type": "RSA2", **fields, "sign": signature}).encode()


class TestReading:
    def test_a_good_notice_is_read_whole(self) -> None:
        notice = reader().read_notify(form())
        assert (notice.notify_id, notice.method) == ("n1", "certify_notify")
        assert notice.app_id == APP_ID
        assert notice.fields["text"] == "已通过 & a=b+c"
        assert notice.fields["empty"] == ""
        assert {"sign", "sign_type"}.isdisjoint(notice.fields)
        assert notice.at == datetime(2026, 11, 22, 12, 0, 5, tzinfo=CHINA)
        assert "已通过" not in repr(notice)

    def test_a_message_of_the_newer_form_is_read_too(self) -> None:
        stamp = str(int(FixedClock().now().timestamp() * 1000))
        made = form(notify_type=None, notify_time=None, msg_method=METHOD, utc_timestamp=stamp)
        notice = reader().read_notify(made)
        assert (notice.method, notice.at) == (METHOD, FixedClock().now())

    @pytest.mark.parametrize(
        ("changed", "reason"),
        [
            ({"app_id": "2021000000000078"}, "foreign_app"),
            ({"app_id": None}, "foreign_app"),
            ({"notify_time": None}, "no_timestamp"),
            ({"notify_time": "yesterday"}, "no_timestamp"),
            ({"notify_time": None, "utc_timestamp": "x"}, "no_timestamp"),
            ({"notify_time": None, "utc_timestamp": "9" * 30}, "no_timestamp"),
            ({"notify_time": "2026-11-22 11:44:59"}, "stale"),
            ({"notify_time": "2026-11-22 12:15:01"}, "stale"),
            ({"notify_time": "2026-11-22 04:00:00"}, "stale"),
            ({"notify_id": None}, "no_notify_id"),
            ({"notify_id": ""}, "no_notify_id"),
        ],
    )
    def test_a_signed_notice_that_is_not_for_us_or_not_of_now_is_refused(
        self, changed: dict[str, str | None], reason: str
    ) -> None:
        with pytest.raises(NotAuthentic, match=f"^{reason}$"):
            reader().read_notify(form(**changed))

    @pytest.mark.parametrize("stamp", ["2026-11-22 11:45:00", "2026-11-22 12:15:00"])
    def test_a_quarter_of_an_hour_is_allowed_either_way(self, stamp: str) -> None:
        assert reader().read_notify(form(notify_time=stamp))

    def test_somebody_elses_signature_is_refused(self) -> None:
        with pytest.raises(NotAuthentic, match="wrong_signature"):
            reader().read_notify(form(material().app_key))

    def test_our_own_public_key_signs_nothing_for_alipay(self) -> None:
        own = settings_at("key", "http://127.0.0.1:9/gateway.do")
        assert bare(material().app_key.public_key()) != own.alipay_public_key
        notices = AlipayNotices(own, KeyTrust(own), FixedClock())
        with pytest.raises(NotAuthentic, match="wrong_signature"):
            notices.read_notify(form(material().app_key))

    @pytest.mark.parametrize("name", ["text", "notify_id", "notify_time", "empty", "app_id"])
    def test_no_field_can_be_altered_left_out_or_added(self, name: str) -> None:
        fields = dict(parse_qsl(form().decode(), keep_blank_values=True))
        for altered in (
            fields | {name: fields[name] + "1"},
            {key: value for key, value in fields.items() if key != name},
            fields | {"more": ""},
        ):
            with pytest.raises(NotAuthentic, match="wrong_signature"):
                reader().read_notify(urlencode(altered).encode())

    @pytest.mark.parametrize("sign_type", ["RSA", "", "rsa2", "none"])
    def test_only_rsa2_is_a_signature(self, sign_type: str) -> None:
        made = form().replace(b"sign_type=RSA2", f"sign_type={sign_type}".encode())
        with pytest.raises(NotAuthentic, match="sign_type"):
            reader().read_notify(made)

    def test_a_field_that_comes_twice_is_refused(self) -> None:
        with pytest.raises(NotAuthentic, match="unreadable"):
            reader().read_notify(form() + b"&text=other")

    @pytest.mark.parametrize(
        "made",
        [
            b"a",
            b"{}",
            b"a=%ff",
            "a=张".encode(),
            b"a=1&" + b"b" * FORM_BYTES_MAX,
            b"&".join(b"a%d=1" % at for at in range(FIELDS_MAX + 1)),
        ],
    )
    def test_a_body_that_is_no_form_is_refused(self, made: bytes) -> None:
        with pytest.raises(NotAuthentic, match="unreadable"):
            reader().read_notify(made)

    @given(made=st.one_of(st.binary(max_size=60), st.text("a=&%1+sign_type").map(str.encode)))
    def test_no_body_breaks_the_reader(self, made: bytes) -> None:
        with pytest.raises(NotAuthentic):
            reader().read_notify(made)


class TestDelivery:
    async def test_a_notice_is_sent_until_success_and_no_longer(self, either: World) -> None:
        notify_id = either.simulator.notify(METHOD, {"biz_content": '{"who":"张"}'})
        assert await either.push_all() == 1
        (notice,) = either.receiver.taken
        assert (notice.notify_id, notice.method) == (notify_id, METHOD)
        assert notice.fields["biz_content"] == '{"who":"张"}'
        assert abs((notice.at - either.clock.now()).total_seconds()) < 60

    async def test_the_older_form_is_sent_too(self, either: World) -> None:
        either.simulator.notify("certify_notify", {"certify_id": "1"})
        await either.push_all()
        (notice,) = either.receiver.taken
        assert notice.method == "certify_notify"

    async def test_eight_tries_over_a_day_at_the_published_intervals(self, world: World) -> None:
        world.receiver.answers = ["fail"] * 20
        world.simulator.notify(METHOD, {})
        sent_at = []
        while (due := world.simulator.next_due()) is not None:
            world.advance(seconds=max((due - world.clock.now()).total_seconds(), 0))
            sent_at.append(world.clock.now())
            await world.simulator.run_due()
        minutes = [
            round((later - earlier) / timedelta(minutes=1)) for earlier, later in pairwise(sent_at)
        ]
        assert minutes == [4, 10, 10, 60, 120, 360, 900]
        assert {notice.notify_id for notice in world.receiver.taken} == {
            world.receiver.taken[0].notify_id
        }
        assert len(world.receiver.taken) == 8

    @pytest.mark.parametrize("answer", ["SUCCESS", "success\n", '"success"', "ok", "", "successes"])
    async def test_only_the_exact_word_ends_it(self, world: World, answer: str) -> None:
        world.receiver.answers = [answer]
        world.simulator.notify(METHOD, {})
        assert await world.push_all() == 2

    async def test_a_repeat_carries_the_same_id(self, world: World) -> None:
        world.far_side.arm(scenarios.NOTICE_REPEATED, 1)
        world.simulator.notify(METHOD, {})
        assert await world.push_all() == 2
        first, second = world.receiver.taken
        assert first.notify_id == second.notify_id

    async def test_a_lost_try_comes_again(self, world: World) -> None:
        world.far_side.arm(scenarios.NOTICE_LOST, 2)
        world.simulator.notify(METHOD, {})
        assert await world.push_all() == 3
        assert len(world.receiver.taken) == 1

    async def test_a_forged_notice_is_refused_and_the_true_one_taken(self, either: World) -> None:
        either.far_side.arm(scenarios.NOTICE_FORGED, 1)
        either.simulator.notify(METHOD, {"who": ZHANG[0]})
        await either.push_all()
        assert either.receiver.refused == ["wrong_signature"]
        assert len(either.receiver.taken) == 1

    async def test_a_body_that_is_played_again_later_is_refused(self, either: World) -> None:
        either.simulator.notify(METHOD, {})
        await either.push_all()
        (body,) = either.receiver.bodies
        again = either.receiver.notices.read_notify(body)
        assert again.notify_id == either.receiver.taken[0].notify_id  # the inbox knows it by this
        either.advance(minutes=16)
        with pytest.raises(NotAuthentic, match="stale"):
            either.receiver.notices.read_notify(body)

    async def test_nobody_to_tell_ends_after_eight_tries(self, world: World) -> None:
        object.__setattr__(world.side, "notify_url", "")
        world.simulator.notify(METHOD, {})
        assert await world.push_all() == 8
        assert world.far_side.exchanges(1)[0]["refused"] == "no notify address is set"


def test_the_word_that_ends_it_is_this() -> None:
    assert NOTICE_TAKEN == "success"
