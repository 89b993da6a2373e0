"""Garbage collection while many records are under way."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_YOUNG, _MIDDLE, _OLD = 500_000, 50, 50
"""Objects and rounds between collections. Python's own 700, 10 and 10 cost a sync a sixth of its processor time:
decoded pages are millions of objects that live for seconds, and nearly none of them is part of a cycle. Each collection
holds up all threads."""


@contextmanager
def rare_collections() -> Iterator[None]:
    """Look for cycles of garbage less often inside the block; it concerns the whole process."""
    before = gc.get_threshold()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
    try:
        yield
    finally:
        gc.set_threshold(*before)
