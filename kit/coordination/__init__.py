"""Cache, locks, wake-ups and rate limits that the replicas share, in memory or over Redis."""

from kit.clock import Moved, not_moved
from kit.coordination.memory import memory_coordination
from kit.coordination.ports import Coordination

__all__ = ["memory_coordination", "open_coordination"]


def open_coordination(redis_url: str | None, moved: Moved = not_moved) -> Coordination:
    """Over Redis when there is an address, else within this process. Redis need not answer yet."""
    if redis_url is None:
        return memory_coordination(moved)
    # redis-py takes 0.1 s and 8 MB to import, which the embedded default does without.
    from kit.coordination.redis import redis_coordination  # noqa: PLC0415

    return redis_coordination(redis_url, moved=moved)
