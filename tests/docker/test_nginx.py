"""docker/nginx.conf in the real nginx, before two replicas that answer what they were asked."""

import json
import os
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from kit.problems import TemporarilyUnavailable
from tests.conftest import IN_CI
from tests.servers import dying_with_us, find_program, free_port

CONF = Path(__file__).resolve().parents[2] / "docker" / "nginx.conf"
# Its workers, too, must reach the folder of the test, which only its owner may enter.
DIRECTIVES = "daemon off; user root;" if os.getuid() == 0 else "daemon off;"
pytestmark = pytest.mark.needs_nginx


class Replica(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(size)
        shown = {"path": self.path, "headers": dict(self.headers), "size": size}
        body = json.dumps(shown).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the base class looks for these names

    def log_message(self, *_: object) -> None:
        """nginx's own log is what is looked at."""


@dataclass
class Edge:
    client: httpx.Client
    folder: Path
    replicas: list[ThreadingHTTPServer] = field(default_factory=list)

    def stop_replica(self, number: int) -> None:
        self.replicas[number].shutdown()
        self.replicas[number].server_close()

    def logged(self, path: str) -> dict[str, Any]:
        """The line of the request for this path; nginx writes it after it has answered."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            for line in (self.folder / "access.log").read_text().splitlines():
                if (found := json.loads(line))["path"] == path:
                    return {**found}
            time.sleep(0.01)
        raise AssertionError(f"{path} is not in the log")

    def asked(self, *arguments: Any, **options: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.request(*arguments, **options).json()
        return answer


def placed_in(folder: Path, port: int, replicas: list[int]) -> Path:
    """The committed file with its addresses and folders moved to this test's own."""
    text = CONF.read_text()
    for name, replica in zip(("bff-1:8000", "bff-2:8000"), replicas, strict=True):
        assert text.count(f"server {name} ") == 1
        text = text.replace(f"server {name} ", f"server 127.0.0.1:{replica} ")
    text = text.replace("listen 8080;", f"listen 127.0.0.1:{port};")
    text = text.replace(" /tmp/", f" {folder}/")
    text = text.replace("/dev/stdout", f"{folder}/access.log").replace("/dev/stderr", "stderr")
    (folder / "nginx.conf").write_text(text)
    return folder / "nginx.conf"


@pytest.fixture(scope="module")
def nginx_program() -> str:
    program = find_program("nginx")
    if program is None:
        (pytest.fail if IN_CI else pytest.skip)("NOT TESTED: nginx is not installed")
    return program


@pytest.fixture
def edge(nginx_program: str, tmp_path: Path) -> Iterator[Edge]:
    replicas = [ThreadingHTTPServer(("127.0.0.1", 0), Replica) for _ in range(2)]
    threads = [threading.Thread(target=replica.serve_forever, args=[0.01]) for replica in replicas]
    for thread in threads:
        thread.start()
    port = free_port()
    conf = placed_in(tmp_path, port, [replica.server_port for replica in replicas])
    nginx = subprocess.Popen(
        [
            *dying_with_us(),
            nginx_program,
            "-p",
            str(tmp_path),
            "-c",
            str(conf),
            "-g",
            DIRECTIVES,
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        try:
            wait_until_alive(client, nginx)
            yield Edge(client, tmp_path, replicas)
        finally:
            nginx.terminate()
            nginx.communicate(timeout=10)
            for replica, thread in zip(replicas, threads, strict=True):
                replica.shutdown()
                replica.server_close()
                thread.join()


def wait_until_alive(client: httpx.Client, nginx: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        assert nginx.poll() is None, nginx.stderr and nginx.stderr.read()
        try:
            if client.get("/-/alive").status_code == 200:
                return
        except httpx.ConnectError:
            time.sleep(0.02)
    raise AssertionError("nginx did not start")


def test_nginx_accepts_the_file(nginx_program: str, tmp_path: Path):
    conf = placed_in(tmp_path, free_port(), [1, 2])
    done = subprocess.run(
        [nginx_program, "-t", "-p", str(tmp_path), "-c", str(conf)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr


def test_a_usable_request_id_is_passed_on_and_a_strange_one_replaced(edge: Edge):
    kept = edge.asked("GET", "/api/v1/home", headers={"X-Request-ID": "abc-1"})
    made = edge.asked("GET", "/api/v1/home", headers={"X-Request-ID": 'a "b"'})
    assert kept["headers"]["X-Request-ID"] == "abc-1"
    assert re.fullmatch(r"[0-9a-f]{32}", made["headers"]["X-Request-ID"])


def test_the_token_of_an_invitation_reaches_the_replica_but_not_the_log(edge: Edge):
    path = "/api/v1/invitations/{}/accept"
    shown = edge.asked("POST", f"{path.format('secret-token')}?a=b")
    assert shown["path"].startswith(path.format("secret-token"))
    assert edge.logged(path.format("-"))["status"] == 200
    assert "secret-token" not in (edge.folder / "access.log").read_text()


def test_the_query_reaches_the_replica_but_not_the_log(edge: Edge):
    shown = edge.asked("GET", "/api/v1/catalogue/lookups/banks?q=secret-word")
    assert shown["path"].endswith("?q=secret-word")
    line = edge.logged("/api/v1/catalogue/lookups/banks")
    assert "secret-word" not in (edge.folder / "access.log").read_text()
    assert "127.0.0.1" not in json.dumps({**line, "replica": ""}), "no address of the client"


def test_a_photo_passes_and_what_is_far_too_large_gets_a_problem_document(edge: Edge):
    photo = edge.asked("POST", "/api/v1/drafts/1/materials/x", content=b"0" * 12 * 1024 * 1024)
    assert photo["size"] == 12 * 1024 * 1024
    refused = edge.client.post("/api/v1/drafts/1/materials/x", content=b"0" * 14 * 1024 * 1024)
    assert refused.status_code == 413
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["code"] == "payload_too_large"
    hidden = edge.client.post(
        "/x", content=b"0" * 14 * 1024 * 1024, headers={"Prefer": "http-200", "X-Request-ID": "r1"}
    )
    assert (hidden.status_code, hidden.json()["status"]) == (200, 413)
    assert hidden.json()["trace_id"] == "r1"


def test_one_dead_replica_is_not_noticed_and_two_are_said_in_the_products_words(edge: Edge):
    edge.stop_replica(0)
    assert {edge.client.get("/api/v1/home").status_code for _ in range(4)} == {200}
    edge.stop_replica(1)
    refused = edge.client.get("/api/v1/home")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    document = refused.json()
    assert document["code"] == TemporarilyUnavailable.code
    assert document["title"] == TemporarilyUnavailable.title.zh
    assert document["next"] == TemporarilyUnavailable.next


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz"])
def test_what_is_for_the_inside_is_not_reached_from_outside(edge: Edge, path: str):
    assert edge.client.get(path).status_code == 404


def test_the_proxy_waits_longer_than_the_server_may_take():
    text = CONF.read_text()
    found = re.search(r"proxy_read_timeout (\d+)s;", text)
    assert found is not None
    assert int(found[1]) > 60
