"""The settings of the database server, as MariaDB itself reads them."""

import subprocess
from pathlib import Path

from tests.servers import as_current_user, find_program

CONF = Path(__file__).resolve().parents[2] / "docker" / "mariadb.cnf"


def test_mariadb_reads_every_setting(server_programs: None):
    done = subprocess.run(
        [
            find_program("mariadbd") or "mariadbd",
            f"--defaults-file={CONF}",
            *as_current_user(),
            "--verbose",
            "--help",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "unknown" not in done.stderr
    read = dict(line.split(None, 1) for line in done.stdout.splitlines() if len(line.split()) == 2)
    assert read["character-set-server"] == "utf8mb4"
    assert read["collation-server"] == "utf8mb4_bin"
    assert read["transaction-isolation"] == "READ-COMMITTED"
    assert read["innodb-flush-log-at-trx-commit"] == "1"
    assert read["max-allowed-packet"] == str(32 * 1024 * 1024)
