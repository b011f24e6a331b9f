"""The consent texts as they are, and the rules of their file."""

from pathlib import Path

import pytest

from auth.consents import FOR_FACE_CHECK, PURPOSES, load_texts

ENTRY = '- {{purpose: {purpose}, version: "{version}", sample: true, zh: 文, en: text}}\n'


def written(folder: Path, *entries: tuple[str, str]) -> Path:
    path = folder / "texts.yaml"
    path.write_text("".join(ENTRY.format(purpose=p, version=v) for p, v in entries))
    return path


def test_every_purpose_has_a_text_that_says_it_is_a_sample():
    texts = load_texts()
    assert set(texts) == set(PURPOSES)
    for text in texts.values():
        assert text.sample
        assert text.zh.startswith("（示例文本）")
        assert text.en.startswith("(Sample wording)")
        assert "撤回" in text.zh


def test_the_newest_version_counts(tmp_path):
    old = [(purpose, "2026-01-01") for purpose in PURPOSES]
    texts = load_texts(written(tmp_path, ("share_with_bank", "2026-02-01"), *old))
    assert texts["share_with_bank"].version == "2026-02-01"
    assert texts["face"].version == "2026-01-01"


@pytest.mark.parametrize(
    ("entries", "fault"),
    [
        ([(purpose, "1") for purpose in PURPOSES[1:]], "every purpose"),
        ([(purpose, "1") for purpose in (*PURPOSES, "face")], "twice"),
        ([*((purpose, "1") for purpose in PURPOSES), (FOR_FACE_CHECK[1], "2")], "one version"),
        ([*((purpose, "1") for purpose in PURPOSES), ("marketing", "1")], "marketing"),
    ],
)
def test_a_file_that_breaks_the_rules_is_refused(tmp_path, entries, fault):
    with pytest.raises(ValueError, match=fault):
        load_texts(written(tmp_path, *entries))
