"""The three ways a call to an outside system fails; each answers "try again?" differently.

AdapterError
├── Refused        the peer understood and said no: never retried
├── Unreachable    no usable answer: retried later; ``may_have_acted`` says whether to ask first
└── Misconfigured  our keys, templates or addresses are wrong: this adapter stops and alarms
"""

from typing import NamedTuple


class AdapterError(Exception):
    """``peer`` and ``code`` are safe to log and count; no message carries personal data."""

    def __init__(self, peer: str, code: str, reason: str = "") -> None:
        super().__init__(f"{peer}: {code}")
        self.peer = peer
        self.code = code
        self.reason = reason
        """The peer's own words, for the applicant or the operator; never logged as it is."""


class Refused(AdapterError):
    """The peer said no. The same call would be refused again."""


class Unreachable(AdapterError):
    """No usable answer. ``may_have_acted`` is false only when the request surely did not arrive."""

    def __init__(
        self,
        peer: str,
        code: str,
        reason: str = "",
        *,
        may_have_acted: bool = True,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(peer, code, reason)
        self.may_have_acted = may_have_acted
        self.retry_after_s = retry_after_s


class Misconfigured(AdapterError):
    """Our side is set up wrongly; repeating the call cannot help until somebody acts."""


class Meaning(NamedTuple):
    """What one of a peer's codes means for us."""

    kind: type[Refused | Unreachable | Misconfigured]
    code: str

    def error(self, peer: str, reason: str) -> AdapterError:
        return self.kind(peer, self.code, reason)
