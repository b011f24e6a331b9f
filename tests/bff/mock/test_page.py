"""The mock's page: all of it comes from here, it calls what there is, and values stay text."""

import re
from pathlib import Path

import httpx
import pytest
from sanic import Sanic

from bff.app import described_routes, mount
from bff.mock import run
from bff.mock.far_peers import PEERS
from bff.mock.routes import bp as mock_blueprint

PAGE = Path(run.__file__).parent / "page"
SCRIPT = (PAGE / "page.js").read_text()
_CALL = re.compile(r'ask\("([A-Z]+)", ["`](/[^"`?]*)')
_VALUE = re.compile(r"\$\{(?:[^{}]|\{[^{}]*\})*\}")


def calls(script: str) -> set[tuple[str, str]]:
    """Method and path of every call, values in the path written as ``*``."""
    return {(method, _VALUE.sub("*", path)) for method, path in _CALL.findall(script)}


def offered() -> set[tuple[str, str]]:
    app: Sanic = Sanic("page")
    mount(app, (), (mock_blueprint,))
    return {
        (route.method, re.sub(r"<[^>]*>|\{[^}]*\}", "*", route.path).removeprefix("/mock/api"))
        for route in described_routes(app)
    }


async def test_the_page_and_its_parts_are_served(phone) -> None:
    device = await phone()
    page = await device.get(f"{device.base}/mock/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    parts = re.findall(r'(?:src|href)="(/mock/page/[^"]+)"', page.text)
    assert len(parts) == 2
    for part in parts:
        answer: httpx.Response = await device.get(device.base + part)
        assert answer.status_code == 200, part


@pytest.mark.parametrize("name", ["index.html", "page.js", "style.css"])
def test_nothing_is_loaded_from_elsewhere(name: str):
    assert not re.search(r"https?://|//[a-z]|@import|url\(", (PAGE / name).read_text().lower())


def test_every_call_of_the_page_is_offered():
    made = calls(SCRIPT)
    assert len(made) >= 10
    assert made - offered() == set()


def test_every_peer_has_a_name_on_the_page():
    names = re.search(r"const peers = {(.*)};", SCRIPT)
    assert names is not None
    assert set(re.findall(r"(\w+):", names[1])) >= set(PEERS)


def test_a_call_of_no_route_would_be_seen():
    assert calls("ask('GET', x)") == set()
    assert calls('ask("PUT", `/scenarios/${f({a: 1})}`)') == {("PUT", "/scenarios/*")}
    assert calls('ask("GET", "/nowhere?x=1")') - offered() == {("GET", "/nowhere")}


def test_values_reach_the_page_as_text_only():
    """A name or a path that holds markup must stay a name or a path."""
    markup = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|eval\("
    )
    assert not re.search(markup, SCRIPT)


def test_every_control_of_the_page_has_a_name():
    page = (PAGE / "index.html").read_text()
    for control in re.findall(r"<input[^>]*>", page):
        assert re.search(r"<label>[^<]+" + re.escape(control), page), control
    for section in re.findall(r'<section aria-labelledby="([^"]+)"', page):
        assert f'id="{section}"' in page
