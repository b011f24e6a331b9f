"""The private servers: empty when given, resuming after a kill, gone with their process."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.servers import MariaDBServer, RedisServer

ROOT = Path(__file__).resolve().parents[1]


def rows(server: MariaDBServer, database: str, query: str) -> list[tuple[object, ...]]:
    with closing(server.connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def test_the_session_gets_a_database_of_its_stack(stack: str, database_url: str, redis_url: str):
    scheme = {"embedded": "sqlite", "servers": "mysql"}[stack]
    assert database_url.startswith(f"{scheme}://")
    assert (redis_url is None) == (stack == "embedded")


def test_each_database_is_another_one(new_database_url: Callable[[], str], database_url: str):
    assert len({new_database_url(), new_database_url(), database_url}) == 3


def test_a_database_asked_for_again_is_empty(mariadb_server: MariaDBServer):
    mariadb_server.create_database("again")
    rows(mariadb_server, "again", "CREATE TABLE t (a INT)")
    mariadb_server.create_database("again")
    assert rows(mariadb_server, "again", "SHOW TABLES") == []
    mariadb_server.drop_database("again")


def test_what_was_committed_survives_a_kill(mariadb_server: MariaDBServer):
    mariadb_server.create_database("killed")
    rows(mariadb_server, "killed", "CREATE TABLE t (a INT)")
    rows(mariadb_server, "killed", "INSERT INTO t VALUES (7)")
    port = mariadb_server.port
    mariadb_server.kill()
    mariadb_server.start()
    assert mariadb_server.port == port
    assert rows(mariadb_server, "killed", "SELECT a FROM t") == [(7,)]
    mariadb_server.drop_database("killed")


def test_durability_is_not_weakened(mariadb_server: MariaDBServer):
    query = "SELECT @@innodb_flush_log_at_trx_commit, @@innodb_doublewrite"
    assert rows(mariadb_server, "mysql", query) == [(1, 1)]


def test_a_frozen_server_connects_but_says_nothing(redis_server: RedisServer):
    with redis_server.frozen():
        assert not redis_server.is_ready()
    assert redis_server.is_ready()


def test_servers_die_with_the_process_that_started_them(server_programs: None):
    program = """
import sys, time
from tests.servers import running_redis, servers_folder
with servers_folder() as folder, running_redis(folder) as server:
    print(server._process.pid, folder, flush=True)
    time.sleep(60)
"""
    owner = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    with owner, owner.stdout:
        pid, folder = owner.stdout.readline().split()
        assert Path(f"/proc/{pid}").exists()
        owner.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 5
    while _is_running(int(pid)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _is_running(int(pid))
    subprocess.run([sys.executable, "-c", program.replace("60", "0")], cwd=ROOT, check=True)
    assert not Path(folder).exists(), "the next start removes what a killed run left behind"


def _is_running(pid: int) -> bool:
    """A zombie that nobody collects yet does not run any more."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
