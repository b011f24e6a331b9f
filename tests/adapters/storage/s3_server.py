"""A real S3 server of our own: ``rclone serve s3`` over a folder, on a free port, with a key."""

import http.client
import sys
from pathlib import Path
from uuid import uuid4

import obstore

from adapters.storage.s3 import S3Limits, S3Storage
from adapters.storage.settings import S3Settings
from kit.clock import Clock
from kit.secrets import KeyRing, Secret
from tests.servers import PrivateServer

BUCKET = "files"
ACCESS_KEY, SECRET_KEY = "AKTESTSTORAGE", "made-up-secret-of-the-tests"
RCLONE = Path(sys.executable).parent / "rclone"
IMPATIENT = S3Limits(connect_s=1.0, answer_s=5.0, retries=1, retry_within_s=1.0, discard_s=1.0)
"""As in production, but for somebody who has no minute to wait for a dead server."""


class S3Server(PrivateServer):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.bucket = folder / "data" / BUCKET
        self.bucket.mkdir(parents=True)

    def command(self) -> list[str]:
        return [
            str(RCLONE), "serve", "s3",
            "--addr", f"127.0.0.1:{self.port}",
            "--auth-key", f"{ACCESS_KEY},{SECRET_KEY}",
            "--config", "/dev/null",
            # It writes down each step of an upload.
            "-vv",
            str(self.folder / "data"),
        ]  # fmt: skip

    def is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1)
        try:
            connection.request("GET", "/")
            connection.getresponse().close()
        except OSError:
            return False
        finally:
            connection.close()
        return True

    def settings(self, prefix: str, **others: str) -> S3Settings:
        values = {
            "url": f"s3://{BUCKET}/{prefix}",
            "endpoint": f"http://127.0.0.1:{self.port}",
            "region": "us-east-1",
            "access_key": ACCESS_KEY,
            "secret": SECRET_KEY,
            **others,
        }
        return S3Settings(
            url=values["url"],
            endpoint=values["endpoint"],
            region=values["region"],
            access_key=values["access_key"],
            secret_key=Secret(values["secret"]),
            path_style="yes",
        )

    def storage(
        self, ring: KeyRing, clock: Clock, prefix: str | None = None, **others: str
    ) -> S3Storage:
        """Without a prefix: one that nobody else uses."""
        settings = self.settings(prefix or uuid4().hex, **others)
        return S3Storage(settings, ring, clock, IMPATIENT)

    def overwrite(self, path: Path, content: bytes) -> None:
        """As somebody else with a key would: the server does not look whether its folder was
        changed behind its back."""
        settings = self.settings("")
        store = obstore.store.S3Store(
            BUCKET,
            endpoint=settings.address,
            region=settings.region,
            access_key_id=ACCESS_KEY,
            secret_access_key=SECRET_KEY,
            virtual_hosted_style_request=False,
            client_options={"allow_http": True},
        )
        obstore.put(store, path.relative_to(self.bucket).as_posix(), content)

    def heard(self, word: str) -> int:
        """In how many lines of its log."""
        return sum(word in line for line in self.log.read_text().splitlines())
