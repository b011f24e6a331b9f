"""The names of settings, as the code has them."""

import re
from pathlib import Path

SETTINGS = Path(__file__).resolve().parents[2] / "bff" / "settings.py"


def names_of_settings() -> set[str]:
    """What is read from the environment; of each gateway the same, after its prefix."""
    code = SETTINGS.read_text()
    whole = {name for name in re.findall(r'"([A-Z][A-Z_0-9]+)"', code) if not name.endswith("_")}
    prefixes = re.findall(r'_gateway\(read, "([A-Z_]+_)"\)', code)
    suffixes = re.findall(r'f"\{prefix\}([A-Z_]+)"', code)
    assert len(prefixes) == 3
    assert len(suffixes) == 7
    return whole | {prefix + suffix for prefix in prefixes for suffix in suffixes}
