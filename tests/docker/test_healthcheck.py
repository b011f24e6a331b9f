"""The image's health check, run as the engine runs it, against a small server."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.servers import free_port

HEALTHCHECK = Path(__file__).resolve().parents[2] / "docker" / "healthcheck.py"


class Answering(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/healthz" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Silent: the test looks at the exit code."""


@pytest.fixture
def server() -> Iterator[tuple[int, type[Answering]]]:
    handler = type("Handler", (Answering,), {})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        yield server.server_port, handler
        server.shutdown()
        thread.join()


EVERY_INTERFACE = "0.0.0.0"  # noqa: S104 - told to the health check, not bound to


def check(port: int, host: str = EVERY_INTERFACE) -> subprocess.CompletedProcess[str]:
    environment = {"PORT": str(port), "HOST": host, "http_proxy": "http://127.0.0.1:1"}
    return subprocess.run(
        [sys.executable, str(HEALTHCHECK)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("host", [EVERY_INTERFACE, "127.0.0.1", ""])
def test_a_server_that_answers_is_healthy(server: tuple[int, type[Answering]], host: str):
    assert check(server[0], host).returncode == 0


def test_an_error_is_not_healthy(server: tuple[int, type[Answering]]):
    port, handler = server
    handler.status = 500
    assert check(port).returncode == 1


def test_nobody_there_is_not_healthy():
    done = check(free_port())
    assert done.returncode == 1
    assert done.stdout == "no answer: ConnectionRefusedError\n"
