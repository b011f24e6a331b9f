"""``storage``: an operator moves the files to where they shall lie from now on."""

import argparse
import asyncio
import sys

from adapters.errors import AdapterError
from bff.startup import EXIT_MISCONFIGURED, settings_or_exit
from bff.wiring.storing import copy_files
from kit.clock import SystemClock

FAULTY = 1
FAULTY_SHOWN = 100


def add_arguments(command: argparse.ArgumentParser) -> None:
    deeds = command.add_subparsers(dest="deed", required=True, metavar="DEED")
    text = "copy every file between STORAGE_DIR and STORAGE_URL; may be killed and begun again"
    copying = deeds.add_parser("copy", help=text, description=text)
    copying.add_argument("--to", choices=("bucket", "folder"), required=True)
    copying.add_argument(
        "--compare", action="store_true", help="read what is there already on both sides"
    )


def run(options: argparse.Namespace) -> int:
    """The exit code: 1 when a file is faulty or a storage does not answer."""
    settings = settings_or_exit()
    if settings.object_store is None:
        print("STORAGE_URL and its group name no bucket", file=sys.stderr)
        return EXIT_MISCONFIGURED
    try:
        told = asyncio.run(
            copy_files(settings, settings.object_store, SystemClock(), options.to, options.compare)
        )
    except AdapterError as error:
        print(f"ended by {error}; begin again, what is copied stays", file=sys.stderr)
        return FAULTY
    print(
        f"{told.copied} copied ({told.size} bytes), {told.present} there already, "
        f"{told.gone} gone meanwhile, {len(told.faulty)} faulty"
    )
    for key in told.faulty[:FAULTY_SHOWN]:
        print(f"faulty: {key}")
    return FAULTY if told.faulty else 0
