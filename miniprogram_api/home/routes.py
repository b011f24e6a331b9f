"""The first screen."""

import hashlib

from sanic import Blueprint

from auth.citizen import Citizen
from auth.guard import CITIZENS
from kit.answers import Shown, encode_json
from kit.describe import describe
from kit.text import Language
from miniprogram_api.home.schemas import HomeView
from miniprogram_api.home.service import HomeService

bp = Blueprint("home")


@bp.get("/home")
@describe("getHome", "首页", access=CITIZENS, tag="home", returns=HomeView)
async def get_home(caller: Citizen, home: HomeService, language: Language) -> Shown:
    body = encode_json(await home.view(caller.person_id, language))
    etag = hashlib.sha256(body).hexdigest()[:20]
    return Shown(body, etag=etag, headers={"Vary": "Accept-Language"})
