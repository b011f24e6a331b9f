"""A stream of pieces, read to its end and searched for the test string."""

import asyncio

EICAR = ("X5O!P%@AP[4\\PZX54(P^)7CC)7}" + "$EICAR-STANDARD-ANTIVIRUS-" + "TEST-FILE!$H+H*").encode()
"""The string that every scanner finds and that does nothing, as EICAR publishes it. It stands
nowhere in one piece, or scanners would take this file away."""
FOUND_NAME = "Eicar-Test-Signature"
READ_BYTES = 64 * 1024


class TooLarge(Exception):
    """More came, or was announced, than is taken; ``size`` was read."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


async def searched(reader: asyncio.StreamReader, bytes_max: int) -> tuple[int, bool]:
    """How much came and whether the string is in it, wherever the pieces were cut."""
    size, found, end = 0, False, b""
    while rest := int.from_bytes(await reader.readexactly(4), "big"):
        if size + rest > bytes_max:
            raise TooLarge(size)
        while rest:
            read = await reader.readexactly(min(rest, READ_BYTES))
            rest -= len(read)
            size += len(read)
            seen = end + read
            found = found or EICAR in seen
            end = seen[-(len(EICAR) - 1) :]
    return size, found
