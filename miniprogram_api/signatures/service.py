"""Signatures: asking whoever must sign, signing, and what is kept of it."""

from miniprogram_api.signatures.asking import REMIND_TOPIC, SignatureAsking
from miniprogram_api.signatures.belongings import SignatureBelongings
from miniprogram_api.signatures.book import REVIEW_TOPIC, SignatureBook
from miniprogram_api.signatures.deeds import RemindHandler, ReviewHandler, SettleHandler
from miniprogram_api.signatures.settling import SETTLE_TOPIC, SignatureSettling
from miniprogram_api.signatures.signing import SigningService
from miniprogram_api.signatures.telling import Teller

__all__ = [
    "REMIND_TOPIC", "REVIEW_TOPIC", "SETTLE_TOPIC", "RemindHandler", "ReviewHandler",
    "SettleHandler", "SignatureAsking", "SignatureBelongings", "SignatureBook",
    "SignatureSettling", "SigningService", "Teller",
]  # fmt: skip
