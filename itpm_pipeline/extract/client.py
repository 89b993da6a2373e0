"""Sends requests of any tracker under one policy: retries, waiting as told, one rate budget per tracker."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import tenacity

from itpm_pipeline.errors import (
    ConfigurationError,
    CredentialError,
    ItpmError,
    ProtocolError,
    RefusedError,
    TransientError,
)
from itpm_pipeline.extract.budget import Budget, Traffic
from itpm_pipeline.extract.policy import (
    SECONDARY_WAIT_SECONDS,
    Action,
    Limits,
    judge,
    judge_exception,
    lowered,
    read_limits,
)
from itpm_pipeline.extract.redaction import Redactor

__all__ = ["Answer", "Client", "ThrottledError", "Traffic"]

log = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 3_900.0
"""Rate limits reset within the hour; a tracker that asks for more is not waited for."""
MAX_THROTTLED = 30
"""Times one call lets itself be put off by rate limits, which come on top of failed attempts."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer. ``value`` is what the caller's ``decode`` made of ``content``."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    value: Any = None


class ThrottledError(TransientError):
    """For ``decode``: a 2xx answer says we are too fast; ``seconds`` to wait, None where it does not say."""

    def __init__(self, message: str, *, seconds: float | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds


class _AgainError(Exception):
    """This attempt failed, another may succeed; ``final`` is what to raise when there is no other."""

    def __init__(self, final: ItpmError, *, throttled: bool = False) -> None:
        super().__init__(str(final))
        self.final = final
        self.throttled = throttled


class Client:
    """The way to one tracker, shared by all threads that read it.

    ``secrets`` are hidden wherever answers are quoted. ``clock`` (monotonic), ``now`` (epoch seconds) and ``sleep``
    are replaced in tests.
    """

    def __init__(
        self,
        tracker: str,
        *,
        concurrency: int = 8,
        max_attempts: int = 6,
        secrets: Iterable[str] = (),
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.tracker = tracker
        self.budget = Budget(concurrency, clock=clock, sleep=sleep)
        self.redactor = Redactor(secrets)
        self._max_attempts = max_attempts
        self._now = now
        self._sleep = sleep
        self._backoff = tenacity.wait_exponential(multiplier=0.5, max=60) + tenacity.wait_random(0, 1)

    def call(
        self,
        doing: str,
        send: Callable[[], Answer],
        traffic: Traffic,
        *,
        decode: Callable[[bytes], Any] | None = None,
        lane: str = "",
    ) -> Answer:
        """Send until there is a 2xx answer that can be decoded, or until there is no point in going on.

        Args:
            doing: What this is for, as a clause for messages: ``reading issues of PAY``.
            send: Makes one attempt, without following redirects or retrying.
            traffic: Counts are added to it.
            decode: Turns the body into ``Answer.value``. A ValueError or TransientError it raises (truncated JSON,
                a login page with status 200, a transient error inside a GraphQL answer) counts as a failed attempt.
            lane: Requests that the tracker counts apart from others.

        Raises:
            TransientError: Every attempt failed.
            RefusedError: The tracker refuses this request (400, 403, 404, 410, 422, any unknown status …).
            CredentialError: 401, or the account is locked.
            ConfigurationError: The address or the certificate is wrong.
            ProtocolError: The answer could not be decoded in any attempt.
        """
        failed = throttled = 0

        def attempt() -> Answer:
            nonlocal failed, throttled
            again = failed + throttled > 0
            try:
                return self._attempt(doing, send, traffic, decode, lane, again=again)
            except _AgainError as error:
                throttled += error.throttled
                failed += not error.throttled
                raise

        def is_over(_: tenacity.RetryCallState) -> bool:
            return failed >= self._max_attempts or throttled >= MAX_THROTTLED

        def pause(state: tenacity.RetryCallState) -> float:
            # After a rate limit the shared budget holds the next attempt back; pausing here as well would double it.
            error = state.outcome.exception() if state.outcome else None
            if isinstance(error, _AgainError) and error.throttled:
                return 0.0
            return self._backoff(state)

        def rest(seconds: float) -> None:
            if seconds > 0:
                traffic.add(waited_seconds=seconds)
                self._sleep(seconds)

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_AgainError), stop=is_over, wait=pause, sleep=rest, reraise=True
        )
        try:
            return retrying(attempt)
        except _AgainError as error:
            raise error.final from error.__cause__

    def _attempt(
        self,
        doing: str,
        send: Callable[[], Answer],
        traffic: Traffic,
        decode: Callable[[bytes], Any] | None,
        lane: str,
        *,
        again: bool,
    ) -> Answer:
        with self.budget.slot(lane) as waited:
            traffic.add(requests=1, retries=int(again), waited_seconds=waited)
            try:
                answer = send()
            except ItpmError:
                raise
            except Exception as error:
                raise self._network_failure(doing, error) from error
        traffic.add(size=len(answer.content))
        limits = read_limits(lowered(answer.headers), self._now())
        action = judge(answer.status, answer.headers, answer.content)
        if action is not Action.DELIVER:
            raise self._failure(doing, answer, action, limits, lane)
        if limits.is_exhausted and limits.reset_after:
            self.budget.hold(min(limits.reset_after, LONGEST_WAIT_SECONDS), lane)
        return answer if decode is None else replace(answer, value=self._decoded(doing, answer, decode, lane))

    def _decoded(self, doing: str, answer: Answer, decode: Callable[[bytes], Any], lane: str) -> Any:
        try:
            return decode(answer.content)
        except ThrottledError as error:
            limits = replace(read_limits(lowered(answer.headers), self._now()), retry_after=error.seconds)
            raise self._throttled(doing, str(error), limits, lane) from error
        except TransientError as error:
            raise _AgainError(error) from error
        except ValueError as error:
            kind = lowered(answer.headers).get("content-type", "no content type")
            message = self._message(
                doing,
                f"the answer ({kind}, {len(answer.content)} bytes) could not be decoded: {error}; it begins with "
                f'"{self.redactor.quote(answer.content)}". A proxy or login page in between, or a broken '
                f"connection, does that",
            )
            raise _AgainError(ProtocolError(message)) from error

    def _network_failure(self, doing: str, error: Exception) -> Exception:
        """What to raise for an exception out of ``send``."""
        action = judge_exception(error)
        if action is None:
            return error
        reason = f"{type(error).__name__}: {self.redactor.quote(str(error))}"
        if action is Action.RETRY:
            return _AgainError(TransientError(self._message(doing, f"no answer after all attempts ({reason})")))
        if action is Action.SETTINGS:
            advice = "check url and, for a certificate of your own authority, ca_file in program.yaml"
            return ConfigurationError(self._message(doing, f"{reason}; {advice}"))
        return RefusedError(self._message(doing, reason), status=0)

    def _failure(self, doing: str, answer: Answer, action: Action, limits: Limits, lane: str) -> Exception:
        """What to raise for an answer that is not delivered; a limit puts its hold into the budget."""
        came = f'HTTP {answer.status} "{self.redactor.quote(answer.content)}"'
        if action is Action.WAIT:
            return self._throttled(doing, came, limits, lane)
        if action is Action.RETRY:
            return _AgainError(TransientError(self._message(doing, f"{came} after all attempts; try again later")))
        if action is Action.CREDENTIALS:
            return CredentialError(
                self._message(doing, f"{came}: the credentials were refused; check email and token in program.yaml")
            )
        if action is Action.SETTINGS:
            return ConfigurationError(self._message(doing, f"{came}; check the address and the proxy settings"))
        if 300 <= answer.status < 400:
            place = self.redactor.quote(lowered(answer.headers).get("location", "nowhere"))
            came += f" (redirected to {place}; redirects are not followed, so that no token goes astray)"
        return RefusedError(self._message(doing, f"{came}; asking again gives the same"), status=answer.status)

    def _throttled(self, doing: str, came: str, limits: Limits, lane: str) -> Exception:
        wait = limits.wait_seconds
        if wait is None:
            wait = SECONDARY_WAIT_SECONDS
        final = TransientError(self._message(doing, f"{came}: rate limit; try again in {wait:.0f} s"))
        if wait > LONGEST_WAIT_SECONDS:
            return final
        # A limit that names its own lane's reset concerns that lane; Retry-After concerns all we send.
        everything = limits.retry_after is not None or not limits.is_exhausted
        self.budget.hold(max(wait, 0.1), None if everything else lane)
        if wait >= 10:
            log.warning("%s: %s: told to slow down, waiting %.0f s", self.tracker, doing, wait)
        return _AgainError(final, throttled=True)

    def _message(self, doing: str, what: str) -> str:
        return f"{self.tracker}: {doing}: {what}"
