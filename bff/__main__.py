"""``python -m bff COMMAND``: every way to run the program."""

import argparse
import sys
from collections.abc import Callable, Sequence

from bff.loading import COLOURS, loading


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(prog="python -m bff", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (text, _) in _COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text)
        # Only for whoever asks for it: `serve` shall not load what it never runs.
        if name == "catalogue" and name in given:
            from bff import cataloguing

            cataloguing.add_arguments(command)
        if name == "storage" and name in given:
            from bff import copying

            copying.add_arguments(command)
        if name in {"openapi", "savings"}:
            command.add_argument("--check", action="store_true", help="compare only")
        if name == "makemigrations":
            command.add_argument("name", help="what it does, as in add_draft_expiry")
        if name == "journey":
            command.add_argument(
                "--base", help="address of a running mock; one is started if absent"
            )
    options = parser.parse_args(given)
    return _COMMANDS[options.command][1](options)


# Each command imports what it needs when it runs: `openapi` needs no simulator, `serve` no mock.


def _mock(options: argparse.Namespace) -> int:
    with loading():
        from bff.mock.run import run

    return run()


def _serve(options: argparse.Namespace) -> int:
    with loading(without=COLOURS):
        from bff.server import serve

    return serve()


def _worker(options: argparse.Namespace) -> int:
    with loading(without=COLOURS):
        from bff.worker import work

    return work()


def _migrate(options: argparse.Namespace) -> int:
    with loading(without=COLOURS):
        from bff.server import migrate_database

    return migrate_database()


def _unpark(options: argparse.Namespace) -> int:
    from bff.operating import unpark

    return unpark()


def _audit(options: argparse.Namespace) -> int:
    from bff.operating import check_audit

    return check_audit()


def _catalogue(options: argparse.Namespace) -> int:
    from bff import cataloguing

    return cataloguing.run(options)


def _storage(options: argparse.Namespace) -> int:
    from bff import copying

    return copying.run(options)


def _openapi(options: argparse.Namespace) -> int:
    from bff.contract import write

    return write(check=options.check)


def _savings(options: argparse.Namespace) -> int:
    from bff.savings import write

    return write(check=options.check)


def _makemigrations(options: argparse.Namespace) -> int:
    from bff.migrating import write_migration

    return write_migration(options.name)


def _journey(options: argparse.Namespace) -> int:
    from bff.mock.journey import travel

    return travel(options.base)


_COMMANDS: dict[str, tuple[str, Callable[[argparse.Namespace], int]]] = {
    "run": ("serve the mock BFF: the product over simulated outside systems", _mock),
    "mock": ("the same as run", _mock),
    "serve": ("serve the product; settings come from the environment", _serve),
    "worker": ("relay the outbox and run the timers, as a process of its own", _worker),
    "migrate": ("bring the database to the newest schema", _migrate),
    "unpark": ("let what was parked be tried again, when its cause is gone", _unpark),
    "audit": ("check the chain of what was done to accounts", _audit),
    "catalogue": ("check, compare, import or export what can be applied for", _catalogue),
    "storage": ("copy the files between the folder and the bucket", _storage),
    "savings": ("write what the joint form spares into docs/joint-form.md", _savings),
    "openapi": ("write miniprogram_api/openapi.json", _openapi),
    "makemigrations": ("write a migration for changed models", _makemigrations),
    "journey": ("an applicant's whole way over HTTP against a mock", _journey),
}

if __name__ == "__main__":
    sys.exit(main())
