"""Faults in which a tracker says that we are too fast."""

from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any, ClassVar, Literal

from pydantic import Field

from itpm_pipeline.sandbox.control.exchange import Exchange
from itpm_pipeline.sandbox.control.fault_base import GITHUB, JIRA, FaultBase

_DOCUMENTATION = "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api"
_PRIMARY = "API rate limit exceeded for user ID 1001."
_SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. "
    "If you reach out to GitHub Support for help, please include the request ID SAND:F."
)


class TooManyRequests(FaultBase):
    """429, with Retry-After in seconds or none."""

    kind: Literal["too_many_requests"]
    retry_after: float | None = Field(default=1, ge=0)

    async def strike(self, exchange: Exchange) -> None:
        """Refuse."""
        words = {"message": _SECONDARY, "documentation_url": _DOCUMENTATION}
        body = words if exchange.tracker == GITHUB else {"errorMessages": ["Rate limit exceeded."], "errors": {}}
        await exchange.refuse(429, body, _retry_after(self.retry_after))


class JiraRateLimit(FaultBase):
    """Jira's 429: the reason, and when the limit resets, in headers of its own beside (or instead of) Retry-After."""

    trackers: ClassVar[frozenset[str]] = frozenset({JIRA})

    kind: Literal["jira_rate_limit"]
    reason: str = "jira-burst-based"
    reset_seconds: float = Field(default=1, ge=0)
    retry_after: float | None = Field(default=None, ge=0)

    async def strike(self, exchange: Exchange) -> None:
        """Refuse. In real time, as this site tells no Date by which a client could correct its own clock."""
        reset = datetime.now(UTC) + timedelta(seconds=self.reset_seconds)
        headers = {
            "RateLimit-Reason": self.reason,
            "X-RateLimit-Limit": "400",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-NearLimit": "true",
            "X-RateLimit-Reset": reset.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z",
        }
        await exchange.refuse(429, {"errorMessages": [], "errors": {}}, headers | _retry_after(self.retry_after))


class GithubPrimaryLimit(FaultBase):
    """The hourly budget is used up: nothing remains until the reset, in whole seconds of company time.

    REST says so with 403 (or 429), GraphQL with 200 and an error of type RATE_LIMITED.
    """

    trackers: ClassVar[frozenset[str]] = frozenset({GITHUB})

    kind: Literal["github_primary_limit"]
    reset_seconds: float = Field(default=1, ge=0)
    status: Literal[200, 403, 429] = 403

    async def strike(self, exchange: Exchange) -> None:
        """Refuse."""
        is_graphql = exchange.asked.path.endswith("/graphql")
        headers = {
            "x-ratelimit-limit": "5000",
            "x-ratelimit-remaining": "0",
            "x-ratelimit-used": "5000",
            "x-ratelimit-reset": str(ceil(exchange.clock.now().timestamp() + self.reset_seconds)),
            "x-ratelimit-resource": "graphql" if is_graphql else "core",
        }
        body: dict[str, Any] = {"message": _PRIMARY, "documentation_url": _DOCUMENTATION, "status": str(self.status)}
        if self.status == 200:
            body = {"errors": [{"type": "RATE_LIMITED", "message": _PRIMARY}]}
        await exchange.refuse(self.status, body, headers)


class GithubSecondaryLimit(FaultBase):
    """Too fast for GitHub's liking: 403 (or 429) with words, and with Retry-After or none."""

    trackers: ClassVar[frozenset[str]] = frozenset({GITHUB})

    kind: Literal["github_secondary_limit"]
    retry_after: float | None = Field(default=1, ge=0)
    status: Literal[403, 429] = 403

    async def strike(self, exchange: Exchange) -> None:
        """Refuse. The hourly budget is far from used up."""
        body = {"message": _SECONDARY, "documentation_url": _DOCUMENTATION}
        headers = {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "4990"}
        await exchange.refuse(self.status, body, headers | _retry_after(self.retry_after))


def _retry_after(seconds: float | None) -> dict[str, str]:
    return {} if seconds is None else {"Retry-After": f"{seconds:g}"}
