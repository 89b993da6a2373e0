"""What all faults share: which requests they are for, from which one on, how often."""

from re import Pattern
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from itpm_pipeline.sandbox.control.exchange import Asked, Exchange

JIRA, GITHUB = "jira", "github"
BOTH = frozenset({JIRA, GITHUB})


class FaultBase(BaseModel):
    """What all kinds share: which requests, from which one on, how often."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    trackers: ClassVar[frozenset[str]] = BOTH

    method: str | None = None
    path: Pattern[str] | None = None
    operation: Pattern[str] | None = None
    body: Pattern[str] | None = None
    skip: int = Field(default=0, ge=0)
    times: int | None = Field(default=1, ge=1)

    def is_for(self, asked: Asked) -> bool:
        """Whether the request is one of those."""
        return (
            (self.method is None or self.method.upper() == asked.method)
            and (self.path is None or self.path.search(asked.path) is not None)
            and (self.operation is None or self.operation.search(asked.operation) is not None)
            and (self.body is None or self.body.search(asked.text) is not None)
            and self.concerns(asked)
        )

    def concerns(self, asked: Asked) -> bool:
        """Whether this kind of fault can befall the request at all."""
        del asked
        return True

    async def strike(self, exchange: Exchange) -> None:
        """Answer the request."""
        raise NotImplementedError
