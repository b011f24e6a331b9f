"""Private MariaDB and Redis servers, on free loopback ports, in a folder that is thrown away.

They die with the process that started them, however that one ends: the kernel sees to it. They run
as the user who runs the tests, because a server that changes its user loses that order. Durability
settings are the defaults. The folder may lie in memory (``scripts/test.sh``): what a kill leaves is
the same there.
"""

import fcntl
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

import pymysql
from pymysql.cursors import Cursor

CACHE = Path(__file__).resolve().parent.parent / ".cache" / "mariadb"
PROGRAMS = ("mariadbd", "mariadb-install-db", "my_print_defaults", "redis-server")
READY_WITHIN_S = 30
STOPPED_WITHIN_S = 10
PORT_TRIES = 3
_FOLDER_PREFIX = "bff-servers-"


def find_program(name: str) -> str | None:
    """Debian keeps servers in /usr/sbin, which is not on everybody's path."""
    return shutil.which(
        name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin"
    )


def missing_programs() -> list[str]:
    return [name for name in PROGRAMS if find_program(name) is None]


class ServerDidNotStart(Exception):
    """The message ends with the last lines of the server's own log."""


class PrivateServer:
    """One server process. ``start`` after ``stop`` or ``kill`` resumes on its port and data."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.log = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        for _ in range(PORT_TRIES - 1):
            try:
                self._start_once()
            except ServerDidNotStart:
                # Between choosing a free port and using it another process may have taken it.
                self.port = free_port()
            else:
                return
        self._start_once()

    def stop(self) -> None:
        """As an operator would: it may finish what it has in hand."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """As a power cut would."""
        self._end(signal.SIGKILL)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Connected, but silent: nothing is answered while the block runs."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        # Until one of its threads takes the signal the others go on answering.
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def command(self) -> list[str]:
        raise NotImplementedError

    def is_ready(self) -> bool:
        raise NotImplementedError

    def _start_once(self) -> None:
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [*dying_with_us(), *self.command()],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._process = process
        deadline = time.monotonic() + READY_WITHIN_S
        while not self.is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise ServerDidNotStart(self.log.read_text("utf-8", "replace")[-2000:])
            time.sleep(0.02)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


class MariaDBServer(PrivateServer):
    """``root`` has no password; the server listens on 127.0.0.1 only."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        copy_sparse(mariadb_template(), folder / "data")

    def url(self, database: str) -> str:
        return f"mysql://root@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str) -> str:
        """Its URL. The same name again gives a fresh, empty database."""
        self.execute(f"DROP DATABASE IF EXISTS `{name}`", f"CREATE DATABASE `{name}`")
        return self.url(name)

    def drop_database(self, name: str) -> None:
        self.execute(f"DROP DATABASE IF EXISTS `{name}`")

    def execute(self, *statements: str) -> None:
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def connect(self, database: str | None = None) -> "pymysql.Connection[Cursor]":
        """To be closed; each statement is a transaction of its own."""
        return pymysql.connect(
            host="127.0.0.1", port=self.port, user="root", database=database, autocommit=True
        )

    def command(self) -> list[str]:
        return [
            find_program("mariadbd") or "mariadbd",
            "--no-defaults",
            f"--datadir={self.folder / 'data'}",
            f"--socket={self.folder / 'sock'}",
            f"--pid-file={self.folder / 'pid'}",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--character-set-server=utf8mb4",
            # The pages of a test's data fit many times; the default would be 128 MB a process.
            "--innodb-buffer-pool-size=64M",
            *as_current_user(),
        ]

    def is_ready(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                # The greeting starts with its length and sequence number, then protocol version 10.
                return connection.recv(5)[4:] == b"\x0a"
        except OSError:
            return False


class RedisServer(PrivateServer):
    """Keeps nothing on disk, as a cache whose loss must not matter."""

    def url(self, database: int = 0) -> str:
        return f"redis://127.0.0.1:{self.port}/{database}"

    def command(self) -> list[str]:
        options = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(self.folder),
            "save": "",
            "appendonly": "no",
            "loglevel": "warning",
        }
        pairs = (part for name, value in options.items() for part in (f"--{name}", value))
        return [find_program("redis-server") or "redis-server", *pairs]

    def is_ready(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(5) == b"+PONG"
        except OSError:
            return False


Server = TypeVar("Server", bound=PrivateServer)


@contextmanager
def servers_folder() -> Iterator[Path]:
    """A short path (a socket's may have 107 characters), removed at the end. What a killed run left
    behind is removed at the next start."""
    base = Path(tempfile.gettempdir())
    for leftover in base.glob(f"{_FOLDER_PREFIX}*"):
        if not Path(f"/proc/{leftover.name.split('-')[2]}").exists():
            shutil.rmtree(leftover, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{_FOLDER_PREFIX}{os.getpid()}-", dir=base))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_mariadb(folder: Path) -> Iterator[MariaDBServer]:
    with _running(MariaDBServer, folder / "mariadb") as server:
        yield server


@contextmanager
def running_redis(folder: Path) -> Iterator[RedisServer]:
    with _running(RedisServer, folder / "redis") as server:
        yield server


@contextmanager
def _running(kind: type[Server], folder: Path) -> Iterator[Server]:
    folder.mkdir()
    server = kind(folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def mariadb_template() -> Path:
    """A data folder as ``mariadb-install-db`` makes it, made once for each version and user."""
    version = subprocess.check_output([find_program("mariadbd") or "mariadbd", "--version"])
    identity = hashlib.sha256(version + str(os.getuid()).encode()).hexdigest()[:12]
    template = CACHE / identity
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not template.exists():
            with (
                # The installer is a shell script that cannot bear a space in a path.
                tempfile.TemporaryDirectory() as outside,
                tempfile.TemporaryDirectory(dir=CACHE) as beside,
            ):
                _install_database(Path(outside) / "data")
                copy_sparse(Path(outside) / "data", Path(beside) / "data")
                (Path(beside) / "data").rename(template)
    return template


def _install_database(data: Path) -> None:
    done = subprocess.run(
        [
            find_program("mariadb-install-db") or "mariadb-install-db",
            "--no-defaults",
            f"--datadir={data}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            "--skip-name-resolve",
            # A container may not know its own name; we connect to 127.0.0.1 anyhow.
            "--force",
            *as_current_user(),
        ],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode != 0:
        raise ServerDidNotStart(done.stdout[-2000:])


def as_current_user() -> list[str]:
    """MariaDB refuses to run as root unless it is told to."""
    return ["--user=root"] if os.getuid() == 0 else []


def copy_sparse(source: Path, target: Path) -> None:
    """MariaDB's log is 100 MB of zeros at first; holes are neither copied nor stored."""
    subprocess.run(["cp", "-a", "--sparse=always", str(source), str(target)], check=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def dying_with_us() -> list[str]:
    """A prefix under which the kernel kills a command when the process that started it ends."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []
