"""``/mock/api/``: a hand on the world, for front-end developers and the journey."""

from datetime import datetime, timedelta
from pathlib import Path

from sanic import Blueprint

from adapters.province.departments import ActNotPossible as ProvinceActNotPossible
from adapters.province.departments import NoSuchMatter
from adapters.wechat.simulator.messages import DialogRefused
from bff.mock import schemas, terminals
from bff.mock.access import MOCK
from bff.mock.driver import ClockMoveTooLong
from bff.mock.far_peers import every_scenario
from bff.mock.personas import COMPANY_ROLES, PERSONAS, Persona, companies_of
from bff.mock.phones import answer_face_dialog, login_credential, open_dialogs, phone_proof
from bff.mock.problems import (
    ActNotPossible,
    ClockMoveRefused,
    DialogNotShown,
    UnknownCase,
    UnknownCompany,
    UnknownPersona,
    UnknownScenario,
    UnknownTerminal,
)
from bff.mock.samples import samples_for
from bff.mock.signing import answer_signing_page, open_pages
from bff.mock.world import World
from kit.answers import Shown
from kit.clock import CHINA, in_china
from kit.describe import describe
from kit.problems import NotFound
from kit.text import Language, Text
from miniprogram_api.invitations.problems import HandoverCodeInvalid
from miniprogram_api.invitations.schemas import ClaimedHandover

ASSETS = Path(__file__).parent / "assets"
_MEDIA_TYPES = {"pdf": "application/pdf", "jpg": "image/jpeg", "png": "image/png"}

bp = Blueprint("mock", url_prefix="/mock/api")


@bp.get("/personas")
@describe("mockPersonas", "模拟人物", access=MOCK, tag="mock", returns=list[schemas.PersonaView])
async def personas(language: Language) -> Shown:
    return Shown([_persona_view(persona, language) for persona in PERSONAS.values()])


@bp.post("/codes")
@describe(
    "mockCodes",
    "一次性登录码、票据，或手机号授权",
    access=MOCK,
    tag="mock",
    body=schemas.CodeWanted,
    returns=schemas.Credential,
    problems=[UnknownPersona, UnknownCompany],
)
async def codes(body: schemas.CodeWanted, world: World) -> Shown:
    persona = _persona(body.persona)
    giving = login_credential if body.kind == "login" else phone_proof
    return Shown(schemas.Credential(giving(world.peers, persona, body)))


@bp.get("/face")
@describe(
    "mockFaceDialogs", "手机上打开的人脸核验", access=MOCK, tag="mock", returns=schemas.OpenDialogs
)
async def face_dialogs(world: World) -> Shown:
    return Shown(schemas.OpenDialogs(await open_dialogs(world.peers, world.clock.now())))


@bp.post("/face")
@describe(
    "mockFace",
    "手机上的人脸核验结果",
    access=MOCK,
    tag="mock",
    body=schemas.FaceDialog,
    returns=schemas.Done,
    problems=[UnknownPersona, NotFound],
)
async def face(body: schemas.FaceDialog, world: World) -> Shown:
    persona = _persona(body.persona)
    method, upstream_id = await world.services.identity.upstream(body.identity_check)
    answer_face_dialog(world.peers, persona, method, upstream_id, body.outcome)
    return Shown(schemas.Done(True))


@bp.get("/signatures")
@describe(
    "mockSigningPages", "打开的电子签名页面", access=MOCK, tag="mock", returns=schemas.OpenPages
)
async def signing_pages(world: World) -> Shown:
    return Shown(await open_pages(world))


@bp.post("/signatures/<signature_id:str>")
@describe(
    "mockSigning",
    "在电子签名页面上签名或拒签",
    access=MOCK,
    tag="mock",
    body=schemas.SigningPage,
    returns=schemas.Done,
    problems=[UnknownPersona, NotFound],
)
async def signing(signature_id: str, body: schemas.SigningPage, world: World) -> Shown:
    persona = _persona(body.persona)
    await answer_signing_page(world, signature_id, persona, body.outcome)
    return Shown(schemas.Done(True))


@bp.get("/drafts/<draft_id:str>/sample-answers")
@describe(
    "mockSampleAnswers",
    "一份草稿的有效示例答案与示例材料",
    access=MOCK,
    tag="mock",
    query=schemas.SampleQuery,
    returns=schemas.Samples,
    problems=[NotFound, UnknownPersona],
)
async def sample_answers(draft_id: str, query: schemas.SampleQuery, world: World) -> Shown:
    partner = _persona(query.partner) if query.partner is not None else None
    return Shown(await samples_for(world, draft_id, partner))


@bp.get("/files/<name:str>")
@describe("mockFile", "示例材料文件", access=MOCK, tag="mock", returns=bytes, problems=[NotFound])
async def sample_file(name: str) -> Shown:
    kind = name.rpartition(".")[2]
    if name != f"sample.{kind}" or kind not in _MEDIA_TYPES:
        raise NotFound
    return Shown((ASSETS / name).read_bytes(), media_type=_MEDIA_TYPES[kind])


@bp.get("/terminals")
@describe(
    "mockTerminals", "模拟窗口与自助终端", access=MOCK, tag="mock",
    returns=list[schemas.TerminalView],
)  # fmt: skip
async def list_terminals(world: World) -> Shown:
    return Shown(terminals.terminals_of(world.services))


@bp.post("/terminals/<terminal:str>/handovers")
@describe(
    "mockHandover",
    "终端凭交接码接手草稿",
    access=MOCK,
    tag="mock",
    body=schemas.HandoverClaim,
    returns=ClaimedHandover,
    status=201,
    problems=[UnknownTerminal, HandoverCodeInvalid],
)
async def claim_at_terminal(terminal: str, body: schemas.HandoverClaim, world: World) -> Shown:
    return Shown(await terminals.claim(world.services, terminal, body.code), status=201)


@bp.get("/clock")
@describe("mockClock", "模拟时钟", access=MOCK, tag="mock", returns=schemas.ClockView)
async def clock(world: World) -> Shown:
    ahead_s = world.clock.offset.total_seconds()
    return Shown(schemas.ClockView(in_china(world.clock.now()), ahead_s))


@bp.post("/clock/advance")
@describe(
    "mockClockAdvance",
    "拨快模拟时钟，途中到期的事依次发生",
    access=MOCK,
    tag="mock",
    body=schemas.ClockMove,
    returns=schemas.ClockMoved,
    problems=[ClockMoveRefused],
)
async def advance(body: schemas.ClockMove, world: World) -> Shown:
    try:
        stops = await world.driver.advance_to(_target(body, world))
    except ClockMoveTooLong:
        raise ClockMoveRefused(Text("请分几次拨快", "Move in smaller steps")) from None
    ahead_s = world.clock.offset.total_seconds()
    return Shown(schemas.ClockMoved(in_china(world.clock.now()), ahead_s, stops))


@bp.get("/cases")
@describe("mockCases", "省平台收到的办件", access=MOCK, tag="mock", returns=schemas.Rows)
async def cases(world: World) -> Shown:
    return Shown(schemas.Rows(world.province.cases()))


@bp.post("/cases/<upstream_no:str>/act")
@describe(
    "mockAct",
    "部门办理一个事项",
    access=MOCK,
    tag="mock",
    body=schemas.DepartmentAct,
    returns=schemas.Done,
    problems=[UnknownCase, ActNotPossible],
)
async def act(upstream_no: str, body: schemas.DepartmentAct, world: World) -> Shown:
    try:
        world.province.act(
            upstream_no, body.item, body.action, body.fields, body.materials, body.reason
        )
    except NoSuchMatter:
        raise UnknownCase from None
    except ProvinceActNotPossible as refused:
        raise ActNotPossible(refused.text) from None
    await world.driver.settle()
    return Shown(schemas.Done(True))


@bp.get("/pushes")
@describe(
    "mockPushes",
    "每部手机收到的消息",
    access=MOCK,
    tag="mock",
    query=schemas.PersonaQuery,
    returns=schemas.Rows,
)
async def pushes(query: schemas.PersonaQuery, world: World) -> Shown:
    rows = [
        {
            "platform": "wechat",
            "persona": message.person,
            "template": message.template,
            "title": message.title,
            "at": in_china(message.at),
            "data": dict(message.data),
            "page": message.page,
        }
        for message in world.wechat.sent_messages(query.persona)
    ]
    return Shown(schemas.Rows(rows))


@bp.post("/taps")
@describe(
    "mockTaps",
    "手机对订阅弹窗的回答，或通知设置的改变",
    access=MOCK,
    tag="mock",
    body=schemas.Tap,
    returns=schemas.Done,
    problems=[UnknownPersona, DialogNotShown],
)
async def taps(body: schemas.Tap, world: World) -> Shown:
    persona = _persona(body.persona)
    if body.answers:
        try:
            world.wechat.answer_subscribe_dialog(persona.key, body.answers)
        except DialogRefused as refused:
            errcode, errmsg = refused.args
            raise DialogNotShown(Text(f"{errcode} {errmsg}", f"{errcode} {errmsg}")) from None
    for template_id, answer in body.settings.items():
        world.wechat.change_subscription(persona.key, template_id, answer)
    await world.driver.settle()
    return Shown(schemas.Done(True))


@bp.get("/scenarios")
@describe(
    "mockScenarios",
    "故障与怪癖：已布置的，以及全部名称",
    access=MOCK,
    tag="mock",
    returns=schemas.Scenarios,
)
async def scenarios(world: World, language: Language) -> Shown:
    rows = [
        {"name": name, "peer": far_side.name, **how}
        for far_side in world.far_sides.values()
        for name, how in far_side.all("scenario")
    ]
    available = [
        schemas.ScenarioView(name, peer, text.in_language(language))
        for peer, name, text in every_scenario()
    ]
    return Shown(schemas.Scenarios(rows, available))


@bp.put("/scenarios/<name:str>")
@describe(
    "mockScenarioArm",
    "布置一个故障或怪癖",
    access=MOCK,
    tag="mock",
    body=schemas.ScenarioArmed,
    returns=schemas.Done,
    problems=[UnknownScenario],
)
async def arm(name: str, body: schemas.ScenarioArmed, world: World) -> Shown:
    how = {key: value for key, value in body.then.items() if key not in {"scenario", "times"}}
    world.scenario_side(name).arm(name, body.times, **how)
    return Shown(schemas.Done(True))


@bp.delete("/scenarios/<name:str>")
@describe(
    "mockScenarioDisarm",
    "撤掉一个故障或怪癖",
    access=MOCK,
    tag="mock",
    returns=schemas.Done,
    problems=[UnknownScenario],
)
async def disarm(name: str, world: World) -> Shown:
    world.scenario_side(name).drop("scenario", name)
    return Shown(schemas.Done(True))


@bp.get("/requests")
@describe(
    "mockRequests",
    "每一次往来，以及为何被拒",
    access=MOCK,
    tag="mock",
    query=schemas.LimitQuery,
    returns=schemas.Rows,
)
async def requests(query: schemas.LimitQuery, world: World) -> Shown:
    rows = [row for side in world.far_sides.values() for row in side.exchanges(query.limit)]
    rows.sort(key=lambda row: str(row["at"]), reverse=True)
    return Shown(schemas.Rows(rows[: query.limit]))


def _persona_view(persona: Persona, language: Language) -> schemas.PersonaView:
    return schemas.PersonaView(
        key=persona.key,
        name=persona.name.reveal(),
        id_number=persona.id_number.reveal(),
        phone=persona.phone.reveal(),
        story=persona.story,
        assurance_possible=persona.assurance_possible,
        companies=[
            schemas.PersonaCompany(
                company.uscc, company.name, role, COMPANY_ROLES[role].in_language(language)
            )
            for company, role in companies_of(persona.key)
        ],
    )


def _persona(key: str) -> Persona:
    persona = PERSONAS.get(key)
    if persona is None:
        raise UnknownPersona
    return persona


def _target(move: schemas.ClockMove, world: World) -> datetime:
    now = world.clock.now()
    ways = (move.seconds, move.workdays, move.to)
    if sum(way is not None for way in ways) != 1:
        raise ClockMoveRefused
    if move.seconds is not None:
        return now + timedelta(seconds=move.seconds)
    if move.workdays is not None:
        return world.calendar.add_workdays(now, move.workdays)
    try:
        target = datetime.fromisoformat(move.to or "")
    except ValueError:
        raise ClockMoveRefused from None
    target = target if target.tzinfo else target.replace(tzinfo=CHINA)
    if not now <= target <= now + timedelta(days=400):
        raise ClockMoveRefused
    return target
