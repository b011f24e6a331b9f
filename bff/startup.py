"""What every production process does first."""

import os
import sys

from bff.installs import logging
from bff.settings import Settings, SettingsIncomplete

EXIT_MISCONFIGURED = 78
"""EX_CONFIG of sysexits.h: a supervisor need not try again."""


def settings_or_exit() -> Settings:
    """The settings; or the full list of what is missing, and the end."""
    try:
        settings = Settings.from_env(os.environ)
    except SettingsIncomplete as incomplete:
        print("Cannot start; the environment lacks:", file=sys.stderr)
        for fault in incomplete.faults:
            print(f"  {fault}", file=sys.stderr)
        sys.exit(EXIT_MISCONFIGURED)
    logging.configure(settings.log_level)
    return settings
