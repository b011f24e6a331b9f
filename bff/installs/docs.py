"""The contract and its reader, served from here: nothing is loaded from outside."""

from pathlib import Path
from typing import Any

from sanic import Blueprint, Sanic

from auth.guard import PUBLIC
from kit.answers import Shown
from kit.describe import describe

CONTRACT = Path(__file__).parents[2] / "miniprogram_api" / "openapi.json"
ASSETS = Path(__file__).parent / "assets"
_PAGE = """<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>掌上办后端接口</title>
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/assets/start.js"></script>
</body>
</html>
"""
_POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'"

bp = Blueprint("docs")


@bp.get("/openapi.json")
@describe("contract", "接口契约 (OpenAPI 3.1)", access=PUBLIC, tag="system", returns=bytes)
async def contract() -> Shown:
    return Shown(CONTRACT.read_bytes())


@bp.get("/docs")
@describe("docsPage", "接口文档网页", access=PUBLIC, tag="system", returns=bytes)
async def page() -> Shown:
    return Shown(
        _PAGE.encode(),
        headers={"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"},
        media_type="text/html; charset=utf-8",
    )


def install(app: Sanic[Any, Any]) -> None:
    app.static("/docs/assets", ASSETS, name="docs_assets")
