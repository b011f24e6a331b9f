"""Submit once, then follow every matter to its end; and the province's way back to us."""

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import raw

from auth.citizen import Citizen
from auth.company_problems import AuthorisationRequired, CompanyRoleRequired
from auth.guard import CITIZENS, PEERS, VERIFIED_CITIZENS
from kit.answers import JSON_MEDIA_TYPE, Shown
from kit.describe import describe
from kit.idempotency import Once
from kit.limits import Limit
from kit.problems import NotFound, TemporarilyUnavailable, TooManyRequests
from kit.streams import StreamedAnswer
from kit.text import Language
from miniprogram_api.applications.documents import FiledDocuments
from miniprogram_api.applications.notices import Answered, ProvincePushes
from miniprogram_api.applications.problems import DeclarationRequired, DeliveryContradicts
from miniprogram_api.applications.schemas import (
    ApplicationPage,
    ApplicationsQuery,
    ApplicationView,
    DocumentQuery,
    EventPage,
    SubmitApplication,
    TimelineQuery,
    WaitQuery,
)
from miniprogram_api.applications.service import ApplicationService
from miniprogram_api.applications.submitting import SubmissionService
from miniprogram_api.applications.views import etag_of
from miniprogram_api.drafts.service import Author, DraftExpired, DraftSubmitted

bp = Blueprint("applications")

SUBMIT_LIMITS = (Limit("submit", 20, 600),)


@bp.post("/applications")
@describe(
    "submitApplication", "提交申请", access=VERIFIED_CITIZENS, tag="applications", status=202,
    body=SubmitApplication, returns=ApplicationView, idempotent=True, limits=SUBMIT_LIMITS,
    problems=[
        DeclarationRequired, DeliveryContradicts, NotFound, DraftSubmitted, DraftExpired,
        CompanyRoleRequired, AuthorisationRequired, TemporarilyUnavailable,
    ],
)  # fmt: skip
async def submit_application(
    request: Request,
    caller: Citizen,
    body: SubmitApplication,
    once: Once,
    submissions: SubmissionService,
    language: Language,
) -> Shown:
    author = Author.of(caller.person_id, request.headers)
    return await submissions.submit(caller, author, body, once, language)


@bp.get("/applications")
@describe(
    "listApplications", "我的申请", access=CITIZENS, tag="applications",
    query=ApplicationsQuery, returns=ApplicationPage,
)  # fmt: skip
async def list_applications(
    caller: Citizen,
    query: ApplicationsQuery,
    applications: ApplicationService,
    language: Language,
) -> Shown:
    return Shown(await applications.page(caller.person_id, query.cursor, query.limit, language))


@bp.get("/applications/<application_id:str>")
@describe(
    "getApplication", "申请详情", access=CITIZENS, tag="applications",
    returns=ApplicationView, problems=[NotFound],
)  # fmt: skip
async def get_application(
    caller: Citizen,
    application_id: str,
    applications: ApplicationService,
    language: Language,
) -> Shown:
    view = await applications.get(caller.person_id, application_id, language)
    return Shown(view, etag=etag_of(view, language), headers={"Vary": "Accept-Language"})


@bp.get("/applications/<application_id:str>/timeline")
@describe(
    "getTimeline", "办理进度", access=CITIZENS, tag="applications",
    query=TimelineQuery, returns=EventPage, problems=[NotFound],
)  # fmt: skip
async def get_timeline(
    caller: Citizen,
    application_id: str,
    query: TimelineQuery,
    applications: ApplicationService,
    language: Language,
) -> Shown:
    return Shown(await applications.events(caller.person_id, application_id, query.after, language))


@bp.get("/applications/<application_id:str>/wait")
@describe(
    "waitForEvents", "等待新进度", access=CITIZENS, tag="applications",
    query=WaitQuery, returns=EventPage, problems=[NotFound, TooManyRequests],
)  # fmt: skip
async def wait_for_events(
    request: Request,
    caller: Citizen,
    application_id: str,
    query: WaitQuery,
    applications: ApplicationService,
    language: Language,
) -> Shown:
    who, closing = caller.person_id, request.app.ctx.closing
    return Shown(
        await applications.wait(
            who, application_id, query.after, query.timeout_s, language, closing
        )
    )


@bp.post("/callbacks/province/status")
@describe("takeProvinceStatus", "省一窗通推送：办件状态", access=PEERS, tag="callbacks")
async def take_province_status(request: Request, pushes: ProvincePushes) -> HTTPResponse:
    return _answer(await pushes.take_status(request.content_type, request.body))


@bp.post("/callbacks/province/certificate")
@describe("takeProvinceCertificate", "省一窗通推送：证照", access=PEERS, tag="callbacks")
async def take_province_certificate(request: Request, pushes: ProvincePushes) -> HTTPResponse:
    return _answer(await pushes.take_certificates(request.content_type, request.body))


@bp.get("/callbacks/province/document")
@describe(
    "giveFiledDocument", "省一窗通取件：申报材料", access=PEERS, tag="callbacks",
    query=DocumentQuery, returns=bytes, problems=[NotFound],
)  # fmt: skip
async def give_filed_document(query: DocumentQuery, documents: FiledDocuments) -> HTTPResponse:
    file, pieces = await documents.open(query.token, query.docId)
    return StreamedAnswer(pieces, file.size, {"Cache-Control": "no-store"}, file.media_type)


def _answer(answered: Answered) -> HTTPResponse:
    return raw(answered.body, status=answered.status, content_type=JSON_MEDIA_TYPE)
