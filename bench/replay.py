"""The floor of a sync: the same requests, known in advance, sent by as many threads, answers decoded and dropped.

No sync can be faster: it learns of most requests only from the answers to others, and has something to do with what
it reads.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson
import requests


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it went out; ``status`` of its answer (Kanban boards answer 400 when asked for sprints)."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    status: int

    @property
    def server(self) -> str:
        """Host and port."""
        return urlsplit(self.url).netloc


@contextmanager
def recorded() -> Iterator[list[Sent]]:
    """Notes every request that the requests library sends in this process meanwhile."""
    sent: list[Sent] = []
    original = requests.Session.send

    def send(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        body = request.body.encode() if isinstance(request.body, str) else request.body
        response = original(session, request, **options)
        sent.append(Sent(str(request.method), str(request.url), dict(request.headers), body, response.status_code))
        return response

    requests.Session.send = send  # type: ignore[assignment, method-assign]
    try:
        yield sent
    finally:
        requests.Session.send = original  # type: ignore[method-assign]


def replay(sent: Sequence[Sent], concurrency: Mapping[str, int]) -> Callable[[], int]:
    """A call that sends all requests, in order, at most ``concurrency`` of a server at a time; returns bytes read.

    RuntimeError: an answer has another status than before.
    """
    by_server: defaultdict[str, list[Sent]] = defaultdict(list)
    for request in sent:
        by_server[request.server].append(request)

    def run() -> int:
        with ThreadPoolExecutor(len(by_server) or 1) as pool:
            return sum(pool.map(lambda server: _replay_server(by_server[server], concurrency[server]), by_server))

    return run


def _replay_server(sent: Sequence[Sent], concurrency: int) -> int:
    of_thread = threading.local()

    def one(request: Sent) -> int:
        session: requests.Session | None = getattr(of_thread, "session", None)
        if session is None:
            session = of_thread.session = requests.Session()
        prepared = requests.Request(request.method, request.url, dict(request.headers), data=request.body).prepare()
        response = session.send(prepared, allow_redirects=False)
        if response.status_code != request.status:
            found = f"HTTP {response.status_code}, and {request.status} before"
            raise RuntimeError(f"{request.method} {request.url}: {found}")
        content = response.content
        if content:
            orjson.loads(content)
        return len(content)

    with ThreadPoolExecutor(concurrency) as pool:
        return sum(pool.map(one, sent))
