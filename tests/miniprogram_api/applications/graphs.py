"""Ways through the table of legal moves."""

from miniprogram_api.applications.states import MOVES, MatterState


def reachable(start: MatterState) -> set[MatterState]:
    """Every state that some chain of legal moves leads to."""
    found: set[MatterState] = set()
    waiting = [start]
    while waiting:
        for state in MOVES[waiting.pop()]:
            if state not in found:
                found.add(state)
                waiting.append(state)
    return found
