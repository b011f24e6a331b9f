"""A file as it is shown."""

from collections.abc import Mapping

from kit.clock import in_china
from kit.text import Language, Text
from miniprogram_api.drafts.links import FileLinks, Holder
from miniprogram_api.drafts.schemas import FileView, FileWarning
from miniprogram_api.drafts.state import FileRef

WARNINGS: Mapping[str, Text] = {
    "too_small": Text(
        "图片太小，放大后可能看不清，建议重新拍摄",
        "The picture is small and may not be legible; better take it again",
    ),
    "too_dark": Text(
        "图片太暗，可能看不清，建议在光线充足处重新拍摄",
        "The picture is too dark; better take it again in good light",
    ),
    "too_bright": Text(
        "图片太亮或有反光，可能看不清，建议避开强光重新拍摄",
        "The picture is too bright; better take it again out of the glare",
    ),
    "blurred": Text(
        "图片可能不清晰，建议拿稳后重新拍摄",
        "The picture seems blurred; better hold still and take it again",
    ),
    "cut_off": Text(
        "内容可能没有拍全，建议把四边都拍进去",
        "Something may be cut off; better take in all four edges",
    ),
}
"""What inspection may find (materials/inspection.py). A warning stops nothing: it guesses."""


def file_view(
    file: FileRef, links: FileLinks, language: Language, holder: Holder | None = None
) -> FileView:
    return FileView(
        id=file.id,
        name=file.name,
        size=file.size,
        media_type=file.media_type,
        sha256=file.sha256,
        url=links.url(file.id, holder),
        uploaded_at=in_china(file.at),
        warnings=[
            FileWarning(code, WARNINGS[code].in_language(language))
            for code in file.warnings
            if code in WARNINGS
        ],
        scan=file.scan,
    )
