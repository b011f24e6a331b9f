#!/usr/bin/env bash
# Writes requirements.txt and requirements-dev.txt from pyproject.toml, pinned with hashes.
# Packages that are pinned already stay as they are; `scripts/freeze.sh --upgrade` takes newer ones.
set -euo pipefail
cd "$(dirname "$0")/.."
pin=(.venv/bin/python -m uv pip compile --quiet --generate-hashes --python-version 3.11 --no-emit-index-url)
export UV_CUSTOM_COMPILE_COMMAND="make freeze"
"${pin[@]}" "$@" pyproject.toml -o requirements.txt
"${pin[@]}" "$@" --group dev -c requirements.txt -o requirements-dev.txt
