"""What an HTTP answer or a network failure means for the next attempt, as tables.

A status that stands in no table fails: guessing that an unknown failure may pass hides it behind retries.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

import requests
import urllib3.exceptions


class Action(StrEnum):
    """What to do next."""

    DELIVER = "deliver"
    """Hand the answer to the caller."""
    RETRY = "retry"
    """Try again after a growing, jittered pause."""
    WAIT = "wait"
    """The tracker asks us to slow down: all threads of this tracker pause as long as it says, then try again."""
    CREDENTIALS = "credentials"
    """Give up: a person must change the credentials."""
    SETTINGS = "settings"
    """Give up: a person must change the address or the certificate file."""
    REFUSE = "refuse"
    """Give up: asking again gives the same answer."""


STATUS_ACTIONS: Mapping[int, Action] = {
    **dict.fromkeys((200, 201, 202, 203, 204, 206), Action.DELIVER),
    **dict.fromkeys((301, 302, 303, 304, 307, 308), Action.REFUSE),
    401: Action.CREDENTIALS,
    407: Action.SETTINGS,
    **dict.fromkeys((400, 402, 403, 404, 405, 406, 409, 410, 411, 412, 413, 414, 415, 422, 451, 501), Action.REFUSE),
    429: Action.WAIT,
    **dict.fromkeys((408, 425, 500, 502, 503, 504), Action.RETRY),
    **dict.fromkeys((520, 521, 522, 523, 524, 525, 530), Action.RETRY),  # a content network in front of the tracker
}
"""HTTP status to action. 403 and 503 are looked at more closely in :func:`judge`."""

EXCEPTION_ACTIONS: tuple[tuple[type[BaseException], Action], ...] = (
    (requests.exceptions.SSLError, Action.SETTINGS),
    (requests.exceptions.InvalidURL, Action.SETTINGS),
    (requests.exceptions.MissingSchema, Action.SETTINGS),
    (requests.exceptions.InvalidSchema, Action.SETTINGS),
    (requests.exceptions.TooManyRedirects, Action.REFUSE),
    (requests.exceptions.ConnectionError, Action.RETRY),
    (requests.exceptions.Timeout, Action.RETRY),
    (requests.exceptions.ChunkedEncodingError, Action.RETRY),
    (requests.exceptions.ContentDecodingError, Action.RETRY),
    (urllib3.exceptions.ProtocolError, Action.RETRY),
    (urllib3.exceptions.TimeoutError, Action.RETRY),
    (ConnectionError, Action.RETRY),
    (TimeoutError, Action.RETRY),
)
"""Exception classes to action, first match wins; others are not ours to judge and pass through unchanged."""

LIMIT_PHRASES = re.compile(rb"secondary rate limit|abuse detection|rate limit exceeded", re.IGNORECASE)
"""GitHub's words in a 403 that is about speed and not about permission."""

LOGIN_DENIED = "AUTHENTICATION_DENIED"
"""Jira's ``X-Seraph-LoginReason`` when too many failed log-ins lock an account: the 403 is about credentials."""

SECONDARY_WAIT_SECONDS = 60.0
"""Pause after a limit that comes without a time; GitHub asks for at least a minute."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What rate headers say, in seconds from the moment of the answer; None where they say nothing.

    An absent header, or a limit of 0 (a GitHub Enterprise Server with limits switched off), means unlimited.
    """

    retry_after: float | None = None
    remaining: int | None = None
    reset_after: float | None = None

    @property
    def is_exhausted(self) -> bool:
        """Nothing is left until the reset."""
        return self.remaining is not None and self.remaining <= 0

    @property
    def wait_seconds(self) -> float | None:
        """How long to pause before the next request, if the headers say so."""
        if self.retry_after is not None:
            return self.retry_after
        return self.reset_after if self.is_exhausted else None


def judge(status: int, headers: Mapping[str, str], content: bytes) -> Action:
    """Action for an HTTP answer."""
    action = STATUS_ACTIONS.get(status, Action.REFUSE)
    named = lowered(headers)
    if status == 403:
        limits = read_limits(named, 0.0)
        if limits.is_exhausted or limits.retry_after is not None or LIMIT_PHRASES.search(content):
            return Action.WAIT
        if LOGIN_DENIED in named.get("x-seraph-loginreason", ""):
            return Action.CREDENTIALS
    if status == 503 and "retry-after" in named:
        return Action.WAIT
    return action


def judge_exception(error: BaseException) -> Action | None:
    """Action for an exception raised while sending; None: let it pass."""
    return next((action for kind, action in EXCEPTION_ACTIONS if isinstance(error, kind)), None)


def lowered(headers: Mapping[str, str]) -> dict[str, str]:
    """Header names in lower case: libraries differ in whether their mappings ignore case."""
    return {name.lower(): str(value) for name, value in headers.items()}


def read_limits(headers: Mapping[str, str], now: float) -> Limits:
    """Rate headers of GitHub, Jira Cloud and Jira Data Center.

    Args:
        headers: Header names in lower case.
        now: Epoch seconds to use where the answer has no ``Date``; the server's own clock is preferred, so that a
            wrong clock on our side does not make us wait for hours or not at all.
    """
    sent = _instant(headers.get("date", ""))
    server_now = now if sent is None else sent
    retry_after = _after(headers.get("retry-after"), server_now)
    for prefix in ("x-ratelimit-", "ratelimit-"):
        remaining, limit = _whole(headers.get(prefix + "remaining")), _whole(headers.get(prefix + "limit"))
        if remaining is None or limit == 0:
            continue
        reset = _after(headers.get(prefix + "reset"), server_now)
        if reset is None:
            reset = _after(headers.get(prefix + "interval-seconds"), server_now)
        if remaining <= 0 and reset is None:
            continue
        return Limits(retry_after, remaining, reset)
    return Limits(retry_after)


_EPOCH_FROM = 1_000_000_000
"""Numbers from here on are instants (GitHub's reset), smaller ones are seconds to wait (Retry-After)."""


def _after(text: str | None, now: float) -> float | None:
    """Seconds from ``now`` to what ``text`` says: a delay, an epoch instant, an HTTP date or an ISO date."""
    if not text:
        return None
    text = text.strip()
    try:
        number = float(text)
    except ValueError:
        instant = _instant(text)
        return None if instant is None else max(0.0, instant - now)
    if not 0 <= number < 1e11:
        return None
    return max(0.0, number - now) if number >= _EPOCH_FROM else number


def _instant(text: str) -> float | None:
    """Epoch seconds of an HTTP date or an ISO 8601 instant."""
    try:
        read = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        try:
            read = datetime.fromisoformat(text)
        except ValueError:
            return None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


def _whole(text: str | None) -> int | None:
    try:
        return int(text or "")
    except ValueError:
        return None
