"""Documents made of the answers, over HTTP."""

from sanic import Blueprint

from auth.citizen import Citizen
from auth.guard import CITIZENS
from kit.answers import Shown
from kit.describe import describe
from kit.idempotency import Once
from kit.limits import Limit
from kit.problems import NotFound
from kit.text import Language
from miniprogram_api.drafts.service import DraftExpired, DraftSubmitted, recall_by_owner
from miniprogram_api.materials.generated import GeneratedDocuments
from miniprogram_api.materials.schemas import GeneratedList, GeneratedView

bp = Blueprint("documents")

# Drawing takes some 20 ms of a child process: all documents of a form at once, then one a second.
MAKE_LIMITS = (Limit("document", 60, 60), Limit("document-day", 1000, 86_400))


@bp.get("/drafts/<draft_id:str>/documents")
@describe(
    "listDocuments", "系统生成的文书", access=CITIZENS, tag="documents", returns=GeneratedList,
    problems=[NotFound],
)  # fmt: skip
async def list_documents(
    caller: Citizen, draft_id: str, documents: GeneratedDocuments, language: Language
) -> Shown:
    return Shown(await documents.page(caller.person_id, draft_id, language))


@bp.post("/drafts/<draft_id:str>/documents/<code:str>")
@describe(
    "makeDocument", "生成文书", access=CITIZENS, tag="documents", returns=GeneratedView,
    status=201, problems=[NotFound, DraftSubmitted, DraftExpired], idempotent=True,
    recall=recall_by_owner, limits=MAKE_LIMITS,
)  # fmt: skip
async def make_document(
    caller: Citizen,
    draft_id: str,
    code: str,
    documents: GeneratedDocuments,
    once: Once,
    language: Language,
) -> Shown:
    view = await documents.make(caller.person_id, draft_id, code, language)
    async with once.unit():
        return await once.remember(Shown(view, status=201))
