"""Documents made of the answers: what is signed now, by whom, and how it is drawn."""

from miniprogram_api.documents.composing import (
    DocumentSpec,
    all_documents_of,
    documents_of,
    everybody_of,
)
from miniprogram_api.documents.content import Content
from miniprogram_api.documents.glyphs import FONT, missing_characters
from miniprogram_api.documents.rendering import Drawn, render
from miniprogram_api.documents.signing import Signer

__all__ = [
    "FONT", "Content", "DocumentSpec", "Drawn", "Signer", "all_documents_of", "documents_of",
    "everybody_of", "missing_characters", "render",
]  # fmt: skip
