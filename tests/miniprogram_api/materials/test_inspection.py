"""The decoders are the child's alone, and what the child says arrives."""

import subprocess
import sys
from pathlib import Path

import pytest

from kit.workshop import Workshop
from miniprogram_api.materials.inspection import Treated, Unacceptable, treat
from tests.miniprogram_api.materials.papers import an_encrypted_pdf
from tests.miniprogram_api.materials.pictures import decoded, encoded, page

ROOT = Path(__file__).resolve().parents[3]
HEAVY = ("PIL", "pypdf", "reportlab")


def test_the_serving_process_never_loads_a_decoder():
    program = f"import sys, bff.wiring; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    loaded = subprocess.check_output([sys.executable, "-c", program], cwd=ROOT, text=True)
    assert loaded.split() == []


async def test_the_child_treats_and_refuses():
    workshop = Workshop()
    treated, kept = await workshop.run(treat, encoded(page((300, 400))), "jpg", "仅用于")
    assert treated == Treated(("too_small",), 1, changed=True)
    assert decoded(kept).size == (300, 400)
    with pytest.raises(Unacceptable) as refused:
        await workshop.run(treat, an_encrypted_pdf("secret"), "pdf", None)
    assert refused.value.code == "pdf_encrypted"
    await workshop.close()
