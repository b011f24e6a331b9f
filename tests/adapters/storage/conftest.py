"""The S3 server of the session; who kills one has a server of their own. Their logs are not the
product's, and begin with the key that the server was given."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.storage.s3_server import S3Server


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    yield from _running(tmp_path_factory.mktemp("s3"))


@pytest.fixture
def mortal_s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    yield from _running(tmp_path_factory.mktemp("mortal_s3"))


def _running(folder: Path) -> Iterator[S3Server]:
    server = S3Server(folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()
