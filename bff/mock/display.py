"""How the journey shows itself: live on a terminal, plain lines elsewhere."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

Row = Mapping[str, Any]


class Display:
    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._started = time.monotonic()
        self._status = self._console.status("") if self._console.is_terminal else None

    def __enter__(self) -> "Display":
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(self, *reason: object) -> None:
        if self._status is not None:
            self._status.stop()

    def doing(self, what: str) -> None:
        """What is going on now; on a terminal it stays under a spinner until it is done."""
        if self._status is not None:
            self._status.update(what)

    def done(self, what: str, detail: str = "") -> None:
        elapsed_s = time.monotonic() - self._started
        mark = "[green]✓[/green]" if self._console.is_terminal else "ok"
        self._console.print(f"{mark} {elapsed_s:6.2f}s  {what}" + (f"  {detail}" if detail else ""))

    def news(self, text: str) -> None:
        """One event of a matter, as it arrives."""
        self._console.print(f"    {text}", markup=False)

    def failed(self, what: str) -> None:
        self._console.print(f"SURPRISE: {what}", style="bold red", markup=False)

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        table = Table(title=title, title_justify="left")
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*row)
        self._console.print(table)
