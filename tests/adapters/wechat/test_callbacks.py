"""Reading WeChat's pushes: who sent it, and what is in it."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.wechat.callbacks import WeChatMessagePush
from adapters.wechat.crypto import signature
from adapters.wechat.port import NotAuthentic
from kit.secrets import Secret
from tests.adapters.wechat.test_crypto import PUSH_APP, PUSH_ENCRYPTED, PUSH_KEY, PUSH_TOKEN
from tests.adapters.wechat.world import settings

SENT_AT = 1714036504
STAMP = str(SENT_AT)
NONCE = "1514711492"
OPEN_ID = "oTEST0000000000000000000001"


class FixedClock:
    def __init__(self, late_s: float = 2) -> None:
        self.at = datetime.fromtimestamp(SENT_AT, UTC) + timedelta(seconds=late_s)

    def now(self) -> datetime:
        return self.at


def plain(late_s: float = 2) -> WeChatMessagePush:
    return WeChatMessagePush(
        settings(message_token=Secret("AAAAA"), message_aes_key=None, original_id="gh_1"),
        FixedClock(late_s),
    )


def secure(late_s: float = 2) -> WeChatMessagePush:
    return WeChatMessagePush(
        settings(
            app_id=PUSH_APP,
            message_token=Secret(PUSH_TOKEN),
            message_aes_key=PUSH_KEY,
            original_id="gh_000000000001",
        ),
        FixedClock(late_s),
    )


PLAIN_QUERY = {
    "timestamp": STAMP,
    "nonce": NONCE,
    "signature": "f464b24fc39322e44b38aa78f5edd27bd1441696",
}
SECURE_QUERY = {
    "timestamp": STAMP,
    "nonce": NONCE,
    "signature": signature(PUSH_TOKEN, STAMP, NONCE),
    "encrypt_type": "aes",
    "msg_signature": "6609af55ea3ae3eb00a891fe408b695c85483362",
    "openid": OPEN_ID,
}
SECURE_BODY = json.dumps({"ToUserName": "gh_000000000001", "Encrypt": PUSH_ENCRYPTED}).encode()


def body(event: str, lines: object, created: object = STAMP, **more: object) -> bytes:
    head = {
        "ToUserName": "gh_1",
        "FromUserName": OPEN_ID,
        "CreateTime": created,
        "MsgType": "event",
        "Event": event,
    }
    return json.dumps({**head, "List": lines, **more}).encode()


ACCEPTED = {"TemplateId": "TPL_A", "SubscribeStatusString": "accept", "PopupScene": "0"}
REJECTED = {"TemplateId": "TPL_B", "SubscribeStatusString": "reject", "PopupScene": "1"}
SENT = {
    "TemplateId": "TPL_A",
    "MsgID": "1864323726461255680",
    "ErrorCode": "0",
    "ErrorStatus": "success",
}


class TestURLCheck:
    def test_the_vendors_example_is_answered_with_its_echo(self) -> None:
        echo = "4375120948345356249"
        assert plain().answer_url_check(PLAIN_QUERY["signature"], STAMP, NONCE, echo) == echo

    @pytest.mark.parametrize("claimed", ["", "0" * 40, "签名"])
    def test_a_wrong_signature_is_not_answered(self, claimed: str) -> None:
        with pytest.raises(NotAuthentic, match="wrong_signature"):
            plain().answer_url_check(claimed, STAMP, NONCE, "echo")

    @pytest.mark.parametrize("late_s", [301, -301])
    def test_a_stale_one_is_not_answered(self, late_s: int) -> None:
        with pytest.raises(NotAuthentic, match="stale"):
            plain(late_s).answer_url_check(PLAIN_QUERY["signature"], STAMP, NONCE, "echo")

    @pytest.mark.parametrize("stamp", ["", "soon", "٣", "9" * 5000, "-5"])
    def test_a_time_that_is_none_is_not_answered(self, stamp: str) -> None:
        made = signature("AAAAA", stamp, NONCE)
        with pytest.raises(NotAuthentic, match="no_timestamp"):
            plain().answer_url_check(made, stamp, NONCE, "echo")


class TestSecureMode:
    def test_the_computed_example_is_read(self) -> None:
        (answer,) = secure().read_events(SECURE_QUERY, SECURE_BODY)
        assert (answer.event, answer.status) == ("popup", "accept")
        assert (answer.open_id, answer.template_id) == (OPEN_ID, "TPL_A")
        assert answer.at == datetime.fromtimestamp(SENT_AT, UTC)
        assert answer.message_id is None

    def test_a_plain_body_is_refused_however_well_signed(self) -> None:
        with pytest.raises(NotAuthentic, match="not_encrypted"):
            secure().read_events(SECURE_QUERY, body("subscribe_msg_popup_event", ACCEPTED))

    @pytest.mark.parametrize(
        ("changed", "reason"),
        [
            ({"msg_signature": "0" * 40}, "wrong_signature"),
            ({"msg_signature": ""}, "wrong_signature"),
            ({"nonce": "1"}, "wrong_signature"),
            ({"timestamp": str(SENT_AT + 1)}, "wrong_signature"),
        ],
    )
    def test_a_changed_query_is_refused(self, changed: dict[str, str], reason: str) -> None:
        with pytest.raises(NotAuthentic, match=reason):
            secure().read_events({**SECURE_QUERY, **changed}, SECURE_BODY)

    def test_a_changed_body_is_refused(self) -> None:
        changed = SECURE_BODY.replace(b"Q3st", b"Q3su")
        with pytest.raises(NotAuthentic, match="wrong_signature"):
            secure().read_events(SECURE_QUERY, changed)

    def test_a_body_of_another_app_is_refused_however_well_signed(self) -> None:
        push = WeChatMessagePush(
            settings(
                app_id="wx_another_app",
                message_token=Secret(PUSH_TOKEN),
                message_aes_key=PUSH_KEY,
                original_id="gh_000000000001",
            ),
            FixedClock(),
        )
        with pytest.raises(NotAuthentic, match="foreign_app"):
            push.read_events(SECURE_QUERY, SECURE_BODY)

    @pytest.mark.parametrize("late_s", [301, -301])
    def test_a_stale_push_is_refused(self, late_s: int) -> None:
        with pytest.raises(NotAuthentic, match="stale"):
            secure(late_s).read_events(SECURE_QUERY, SECURE_BODY)

    def test_without_a_query_nothing_is_believed(self) -> None:
        with pytest.raises(NotAuthentic):
            secure().read_events({}, SECURE_BODY)


class TestPlainMode:
    def test_one_line_may_be_an_object_and_several_an_array(self) -> None:
        (one,) = plain().read_events(PLAIN_QUERY, body("subscribe_msg_popup_event", ACCEPTED))
        both = plain().read_events(
            PLAIN_QUERY, body("subscribe_msg_popup_event", [ACCEPTED, REJECTED])
        )
        assert both[0] == one
        assert [(each.template_id, each.status) for each in both] == [
            ("TPL_A", "accept"),
            ("TPL_B", "reject"),
        ]
        assert both[0].event_id != both[1].event_id

    def test_the_time_may_be_a_number_or_a_text(self) -> None:
        as_text = plain().read_events(PLAIN_QUERY, body("subscribe_msg_sent_event", SENT))
        as_number = plain().read_events(
            PLAIN_QUERY, body("subscribe_msg_sent_event", SENT, created=SENT_AT)
        )
        assert as_text == as_number

    def test_a_result_names_its_message(self) -> None:
        (sent,) = plain().read_events(PLAIN_QUERY, body("subscribe_msg_sent_event", SENT))
        assert (sent.event, sent.status) == ("sent", "success")
        assert sent.message_id == "1864323726461255680"

    def test_a_failed_result_has_a_status_even_without_words(self) -> None:
        failed = {"TemplateId": "TPL_A", "MsgID": 1, "ErrorCode": 20001}
        (sent,) = plain().read_events(PLAIN_QUERY, body("subscribe_msg_sent_event", failed))
        assert (sent.status, sent.message_id) == ("error_20001", "1")

    @pytest.mark.parametrize(
        ("event", "nested"),
        [
            ("subscribe_msg_popup_event", "SubscribeMsgPopupEvent"),
            ("subscribe_msg_change_event", "SubscribeMsgChangeEvent"),
            ("subscribe_msg_sent_event", "SubscribeMsgSentEvent"),
        ],
    )
    def test_xml_says_the_same_as_json(self, event: str, nested: str) -> None:
        line = SENT if "sent" in event else REJECTED
        elements = "".join(f"<{k}><![CDATA[{v}]]></{k}>" for k, v in line.items())
        xml = (
            f"<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName>{OPEN_ID}</FromUserName>"
            f"<CreateTime>{STAMP}</CreateTime><MsgType>event</MsgType><Event>{event}</Event>"
            f"<{nested}><List>{elements}</List><List>{elements}</List></{nested}></xml>"
        )
        from_xml = plain().read_events(PLAIN_QUERY, xml.encode())
        assert from_xml == plain().read_events(PLAIN_QUERY, body(event, [line, line]))

    def test_json_may_be_nested_as_xml_is(self) -> None:
        nested = body(
            "subscribe_msg_change_event", None, SubscribeMsgChangeEvent={"List": REJECTED}
        )
        flat = body("subscribe_msg_change_event", REJECTED)
        assert plain().read_events(PLAIN_QUERY, nested) == plain().read_events(PLAIN_QUERY, flat)

    def test_a_repeat_has_the_same_id_and_another_event_has_not(self) -> None:
        ids = {
            plain().read_events(PLAIN_QUERY, made)[0].event_id
            for made in (
                body("subscribe_msg_popup_event", ACCEPTED),
                body("subscribe_msg_popup_event", ACCEPTED),
                body("subscribe_msg_popup_event", ACCEPTED, created=SENT_AT + 1),
                body("subscribe_msg_change_event", ACCEPTED),
                body("subscribe_msg_popup_event", {**ACCEPTED, "TemplateId": "TPL_C"}),
            )
        }
        assert len(ids) == 4
        assert not any(OPEN_ID in each for each in ids)

    def test_other_events_and_messages_are_nothing_to_us(self) -> None:
        assert plain().read_events(PLAIN_QUERY, body("user_enter_tempsession", None)) == []
        assert plain().read_events(PLAIN_QUERY, b'{"ToUserName":"gh_1","MsgType":"text"}') == []

    @pytest.mark.parametrize("lines", [None, [], "accept", [1, None], {}])
    def test_lines_that_are_none_do_no_harm(self, lines: object) -> None:
        answers = plain().read_events(PLAIN_QUERY, body("subscribe_msg_popup_event", lines))
        assert all(answer.template_id == "" for answer in answers)

    def test_a_push_for_another_account_is_refused(self) -> None:
        made = body("subscribe_msg_popup_event", ACCEPTED).replace(b"gh_1", b"gh_2")
        with pytest.raises(NotAuthentic, match="foreign_account"):
            plain().read_events(PLAIN_QUERY, made)

    @pytest.mark.parametrize(
        "made",
        [
            b"",
            b"[]",
            b"{",
            b"\xff\xfe",
            b"<xml>",
            b"<other/>",
            b"<xml>text</xml>",
            b'<!DOCTYPE x [<!ENTITY a "b">]><xml><ToUserName>&a;</ToUserName></xml>',
        ],
    )
    def test_a_body_that_cannot_be_read_is_refused(self, made: bytes) -> None:
        with pytest.raises(NotAuthentic, match="unreadable"):
            plain().read_events(PLAIN_QUERY, made)

    @given(made=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
    def test_no_body_breaks_the_reader(self, made: bytes) -> None:
        for push, query in ((plain(), PLAIN_QUERY), (secure(), SECURE_QUERY)):
            with pytest.raises(NotAuthentic):
                push.read_events(query, made)
