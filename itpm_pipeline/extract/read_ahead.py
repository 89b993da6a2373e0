"""Overlaps requests that do not depend on each other, with bounded memory."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Queue
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def read_ahead(function: Callable[[Item], Result], items: Iterable[Item], *, workers: int) -> Iterator[Result]:
    """``map`` with up to ``workers`` calls under way, results in the order of the items.

    Items are taken from the (lazy) iterable only as results are taken from here. The first exception, of a call or of
    the iterable, comes out in its turn; calls not begun by then are dropped.
    """
    executor = ThreadPoolExecutor(max_workers=workers)
    pending: deque[Future[Result]] = deque()
    try:
        for item in items:
            pending.append(executor.submit(function, item))
            if len(pending) >= workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


MOST_WAITING = 500
"""Items that wait to be taken before those who bring them are held up."""


class _End(Generic[Item]):
    """Nothing more comes of one of the iterables; ``error`` if that is why."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def at_once(iterables: Sequence[Iterable[Item]], *, workers: int) -> Iterator[Item]:
    """Items of several (lazy) iterables, up to ``workers`` of which are read at once; those of one in their order.

    The first exception comes out here, and no further items are read.
    """
    came: Queue[Item | _End[Item]] = Queue(MOST_WAITING)
    stop = threading.Event()

    def read(items: Iterable[Item]) -> None:
        error: BaseException | None = None
        try:
            for item in () if stop.is_set() else items:
                came.put(item)
                if stop.is_set():
                    break
        except BaseException as raised:  # noqa: BLE001 - raised where the items are taken
            error = raised
        came.put(_End(error))

    with ThreadPoolExecutor(max_workers=workers) as executor:
        reading = len([executor.submit(read, items) for items in iterables])
        try:
            while reading:
                item = came.get()
                if not isinstance(item, _End):
                    yield item
                    continue
                reading -= 1
                if item.error is not None:
                    raise item.error
        finally:
            stop.set()
            # Who waits for room must get it, to see that it is over.
            while reading:
                reading -= isinstance(came.get(), _End)
