"""Having something signed, over the wire, and believing only what proves itself."""

import dataclasses

import pytest

from adapters.errors import Misconfigured, Refused, Unreachable
from adapters.esign.port import FlowOutcome, SignedDocument
from adapters.esign.simulator import LONG_AGO, Authority, UnknownFlow
from tests.adapters.esign.world import (
    APPLICATION,
    ARTICLES,
    QIAN,
    TRUSTED,
    WU,
    World,
    person,
    settings,
)


class TestBeginning:
    async def test_the_same_reference_finds_the_same_flow(self, world: World) -> None:
        flows = {(await world.begun()).flow_id for _ in range(3)}
        assert len(flows) == 1

    async def test_a_lost_answer_costs_nothing(self, world: World) -> None:
        """The client asks again by itself, and finds the flow that was made."""
        world.far_side.arm("esign_lost_answer", 1)
        flow = await world.begun()
        assert flow.flow_id == (await world.begun()).flow_id
        assert len(world.far_side.all("flow")) == 1

    async def test_another_person_cannot_come_into_a_flow(self, world: World) -> None:
        await world.begun()
        with pytest.raises(Refused) as refused:
            await world.begun(who=WU)
        assert refused.value.code == "reference_taken"

    async def test_other_documents_cannot_come_into_a_flow(self, world: World) -> None:
        await world.begun()
        with pytest.raises(Refused) as refused:
            await world.begun(documents=(ARTICLES,))
        assert refused.value.code == "reference_taken"

    async def test_the_service_knows_who_exists(self, world: World) -> None:
        stranger = ("testzheng", "测试郑", "11010519491231002X")
        with pytest.raises(Refused) as refused:
            await world.begun(who=stranger)
        assert refused.value.code == "signatory_refused"

    async def test_a_flow_that_is_over_is_not_begun_again(self, world: World) -> None:
        flow = await world.begun()
        world.simulator.answer(flow.flow_id, QIAN[0], "refuse")
        with pytest.raises(Refused) as refused:
            await world.begun()
        assert refused.value.code == "flow_over"

    async def test_a_key_that_is_not_ours_is_not_let_in(self, world: World) -> None:
        client = world.another_client(app_id="sdffffffffffff")
        with pytest.raises(Misconfigured):
            await client.begin("task-1", person(QIAN), [ARTICLES])


class TestSigning:
    async def test_a_signature_is_proven(self, world: World) -> None:
        outcome = await world.signed()
        assert outcome.state == "signed"
        assert outcome.evidence is not None
        assert outcome.evidence.reference == "task-1"

    async def test_a_flow_waits_until_it_is_answered(self, world: World) -> None:
        flow = await world.begun()
        assert await world.client.outcome(flow) == FlowOutcome("pending")

    async def test_refusing_and_being_late_are_told_apart(self, world: World) -> None:
        refused, late = await world.begun("task-1"), await world.begun("task-2")
        world.simulator.answer(refused.flow_id, QIAN[0], "refuse")
        world.advance(minutes=31)
        assert (await world.client.outcome(refused)).state == "refused"
        assert (await world.client.outcome(late)).state == "expired"

    async def test_nobody_signs_in_a_flow_of_another(self, world: World) -> None:
        flow = await world.begun()
        with pytest.raises(UnknownFlow):
            world.simulator.answer(flow.flow_id, WU[0], "sign")

    async def test_an_unknown_flow_is_refused(self, world: World) -> None:
        flow = dataclasses.replace(await world.begun(), flow_id="0" * 32)
        with pytest.raises(Refused) as refused:
            await world.client.outcome(flow)
        assert refused.value.code == "flow_unknown"

    @pytest.mark.parametrize(
        ("scenario", "fault"),
        [
            ("esign_wrong_certificate", "certificate_of_another"),
            ("esign_expired_certificate", "certificate_expired"),
            ("esign_foreign_authority", "authority_unknown"),
            ("esign_wrong_key", "signature_wrong"),
            ("esign_wrong_digest", "signature_wrong"),
        ],
    )
    async def test_what_proves_nothing_does_not_count(
        self, world: World, scenario: str, fault: str
    ) -> None:
        world.far_side.arm(scenario, 1)
        assert await world.signed() == FlowOutcome("invalid", fault=fault)

    async def test_a_signature_of_another_flow_does_not_count(self, world: World) -> None:
        assert (await world.signed("task-1")).state == "signed"
        world.far_side.arm("esign_replayed", 1)
        assert await world.signed("task-2") == FlowOutcome("invalid", fault="other_text")

    async def test_a_signature_of_other_documents_does_not_count(self, world: World) -> None:
        flow = await world.begun()
        world.simulator.answer(flow.flow_id, QIAN[0], "sign")
        other = SignedDocument(ARTICLES.code, ARTICLES.title, "c3" * 32)
        changed = dataclasses.replace(flow, documents=(other, APPLICATION))
        assert (await world.client.outcome(changed)).fault == "other_text"

    async def test_a_signature_of_another_company_does_not_count(self, world: World) -> None:
        flow = await world.begun()
        world.simulator.answer(flow.flow_id, QIAN[0], "sign")
        company = person(QIAN, "91370102MA3QAAA01U")
        changed = dataclasses.replace(flow, signatory=company)
        assert (await world.client.outcome(changed)).fault == "other_text"

    async def test_only_the_configured_authorities_vouch(self, world: World) -> None:
        flow = await world.begun()
        world.simulator.answer(flow.flow_id, QIAN[0], "sign")
        other = Authority.new().own_certificate(LONG_AGO)
        strict = world.another_client(authorities=other)
        assert (await strict.outcome(flow)).fault == "authority_unknown"
        both = world.another_client(authorities=f"{other},{TRUSTED}")
        assert (await both.outcome(flow)).state == "signed"


class TestFaults:
    @pytest.mark.parametrize(
        ("scenario", "error", "code"),
        [
            ("esign_quota", Refused, "too_many_requests"),
            ("esign_not_permitted", Misconfigured, "not_permitted"),
            ("esign_failure", Unreachable, "unknown_999999"),
            ("esign_down", Unreachable, "status_503"),
            ("esign_gateway_refuses", Misconfigured, "gateway_refused"),
        ],
    )
    async def test_each_fault_is_one_of_three_errors(
        self, world: World, scenario: str, error: type[Exception], code: str
    ) -> None:
        world.far_side.arm(scenario, 2)
        with pytest.raises(error) as raised:
            await world.begun()
        assert raised.value.code == code  # type: ignore[attr-defined]

    @pytest.mark.parametrize("scenario", ["esign_garbled", "esign_lost_answer"])
    async def test_a_passing_fault_is_asked_about_once_more(
        self, world: World, scenario: str
    ) -> None:
        flow = await world.begun()
        world.far_side.arm(scenario, 1)
        assert (await world.client.outcome(flow)).state == "pending"

    async def test_a_lasting_fault_is_told(self, world: World) -> None:
        world.far_side.arm("esign_garbled", 2)
        with pytest.raises(Unreachable):
            await world.begun()

    async def test_other_shapes_mean_the_same(self, world: World) -> None:
        world.far_side.arm("esign_other_shapes", 2)
        assert (await world.signed()).state == "signed"


class TestSettings:
    @pytest.mark.parametrize("authorities", ["", "no certificate", ",", TRUSTED[:-8]])
    def test_an_authority_has_to_be_one(self, authorities: str) -> None:
        with pytest.raises(ValueError, match="authority"):
            settings("https://gateway.example", authorities=authorities)
