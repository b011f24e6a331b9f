"""Terminals: the counters and kiosks of service halls that may take over a draft.

A terminal proves each request: ``X-Terminal-Signature`` is the HMAC-SHA256, in hexadecimal, with
the terminal's secret over these five, with line feeds in between: method, path (with the query, if
there is one), ``X-Terminal-Timestamp`` (seconds of the epoch), ``X-Terminal-Nonce`` and the SHA-256
of the body in hexadecimal. No published rule was found for such terminals; this is ours.

What keeps a request from being made twice and a code from being guessed stands in the database and
not in Redis: it has to hold while Redis is away, and over all replicas.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from tortoise.exceptions import IntegrityError

from auth.models import TerminalCall
from auth.problems import TerminalNotAuthentic
from auth.terminal import Terminal
from kit.clock import Clock
from kit.problems import TooManyRequests
from kit.secrets import KeyRing, Secret

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far a terminal's clock may be off; far more than any that asks a time server."""
GUESS_WINDOW = timedelta(minutes=10)
"""As long as a code is good."""
GUESSES_MAX = 10
"""Wrong codes of one terminal within the window: a person mistypes once or twice."""
GUESSES_OF_ALL_MAX = 200
"""And of all together: with a thousand codes open at a moment, one in five hundred such windows
would hit one by chance. Our own figures, like the two above."""

_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")
_SECONDS = re.compile(r"[0-9]{10}")
_NOBODY = Secret("no terminal has this secret, but comparing takes as long")


@dataclass(frozen=True, slots=True)
class CallingTerminal:
    """A terminal that has proved this one request."""

    terminal: Terminal
    call_id: str

    @property
    def key(self) -> str:
        return f"terminal:{self.terminal.id}"

    @property
    def sender(self) -> str:
        return self.key


class Terminals:
    """One for the process."""

    def __init__(self, terminals: Iterable[Terminal], ring: KeyRing, clock: Clock) -> None:
        self.known = {terminal.id: terminal for terminal in terminals}
        self._ring = ring
        self._clock = clock

    async def admit(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> CallingTerminal:
        """Raises TerminalNotAuthentic, whatever was wrong: what it was helps nobody honest."""
        terminal = self.known.get(headers.get("x-terminal-id", ""))
        timestamp = headers.get("x-terminal-timestamp", "")
        nonce = headers.get("x-terminal-nonce", "")
        given = headers.get("x-terminal-signature", "")
        if not _SECONDS.fullmatch(timestamp) or not _NONCE.fullmatch(nonce) or not given.isascii():
            raise TerminalNotAuthentic
        secret = terminal.secret if terminal is not None else _NOBODY
        ours = signature_of(secret, method, target, timestamp, nonce, body)
        is_signed = hmac.compare_digest(ours, given)
        now = self._clock.now()
        off_s = abs(now.timestamp() - int(timestamp))
        if terminal is None or not is_signed or off_s > CLOCKS_DIFFER.total_seconds():
            raise TerminalNotAuthentic
        call_id = self._ring.index(f"{terminal.id}\0{nonce}", "terminal.nonce")
        try:
            await TerminalCall.create(id=call_id, terminal=terminal.id, at=now)
        except IntegrityError:
            raise TerminalNotAuthentic from None
        return CallingTerminal(terminal, call_id)

    async def count_guess(self, caller: CallingTerminal) -> None:
        """Before a code is looked at; never inside a unit. First written, then counted, so that of
        many at one moment no more than allowed come through. Raises TooManyRequests, which itself
        counts for nothing."""
        since = self._clock.now() - GUESS_WINDOW
        mine = TerminalCall.filter(id=caller.call_id)
        await mine.update(guess=True)
        guesses = TerminalCall.filter(guess=True, at__gt=since)
        of_one = await guesses.filter(terminal=caller.terminal.id).count()
        if of_one > GUESSES_MAX or await guesses.count() > GUESSES_OF_ALL_MAX:
            await mine.update(guess=False)
            wait_s = int(GUESS_WINDOW.total_seconds())
            raise TooManyRequests(headers={"Retry-After": str(wait_s)})

    async def guessed_right(self, caller: CallingTerminal) -> None:
        """The code was one of ours: that was no guess. In the caller's unit, where there is one."""
        await TerminalCall.filter(id=caller.call_id).update(guess=False)

    async def purge(self) -> int:
        """Erase what could not be made twice any more; how many rows."""
        before = self._clock.now() - 2 * CLOCKS_DIFFER - GUESS_WINDOW
        return await TerminalCall.filter(at__lt=before).delete()


def signature_of(
    secret: Secret, method: str, target: str, timestamp: str, nonce: str, body: bytes
) -> str:
    """See the module's text."""
    digest = hashlib.sha256(body).hexdigest()
    signed = "\n".join((method, target, timestamp, nonce, digest))
    return hmac.new(secret.reveal().encode(), signed.encode(), hashlib.sha256).hexdigest()
