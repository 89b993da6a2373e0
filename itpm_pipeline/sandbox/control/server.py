"""Stands before a server: lets requests through or lets a fault answer them; answers ``/__control__`` itself."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from itpm_pipeline.errors import ItpmError
from itpm_pipeline.sandbox.clock import Clock
from itpm_pipeline.sandbox.control.exchange import Answer, Asked, Exchange, read_body
from itpm_pipeline.sandbox.control.fault_base import FaultBase
from itpm_pipeline.sandbox.control.faults import Fault, Mutation

CONTROL_PATH = "/__control__"

_FAULTS: TypeAdapter[list[Fault]] = TypeAdapter(list[Fault])


class Changes(Protocol):
    """What changes the company: an editor of ``sandbox.mutations``."""

    def check(self, mutations: list[dict[str, Any]]) -> None:
        """Raise ItpmError for one that is not understood."""

    def apply(self, mutations: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Make them; what each made. Raises ItpmError for one that cannot be."""


class ControlError(ItpmError):
    """A control request that cannot be carried out; the message names what is wrong."""


class _Order(BaseModel):
    """A control request; the faults in it are looked at apart, as their words depend on the kind."""

    model_config = ConfigDict(extra="forbid")

    clear: bool = False
    advance_seconds: float = Field(default=0, ge=0)
    mutations: list[dict[str, Any]] = []
    faults: list[dict[str, Any]] = []


@dataclass(slots=True)
class Armed:
    """A fault with its counts."""

    fault: FaultBase
    matched: int = 0
    fired: int = 0

    @property
    def is_spent(self) -> bool:
        """Whether it will not fire again."""
        return self.fault.times is not None and self.fired >= self.fault.times

    def told(self) -> dict[str, Any]:
        """As ``GET /__control__`` shows it."""
        given = self.fault.model_dump(mode="json", exclude_unset=True)
        return {**given, "matched": self.matched, "fired": self.fired}


class Control:
    """An ASGI application around another; ``tracker`` is jira or github.

    Faults may be armed from any thread; mutations happen in the thread that asks for them, so that from code none
    should be made while requests are under way.
    """

    def __init__(self, app: ASGIApp, tracker: str, clock: Clock, changes: Changes) -> None:
        self._app = app
        self._tracker = tracker
        self._clock = clock
        self._changes = changes
        self._lock = threading.Lock()
        self._armed: list[Armed] = []

    def arm(self, *faults: Mapping[str, Any]) -> list[Armed]:
        """Arm faults; the returned objects go on counting. Raises ControlError for one that is not understood."""
        added = [Armed(fault) for fault in self._understood(faults)]
        with self._lock:
            self._armed += added
        return added

    def armed(self) -> list[Armed]:
        """All that are armed, spent ones too."""
        with self._lock:
            return list(self._armed)

    def clear(self) -> None:
        """Disarm everything."""
        with self._lock:
            self._armed.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = await read_body(receive)
        asked = Asked(scope["method"], scope["path"], scope["query_string"].decode("latin-1"), body)
        exchange = Exchange(
            asked, self._tracker, self._clock, self._changes.apply, self._app, scope, receive, send
        )
        if asked.path == CONTROL_PATH:
            await self._take_order(exchange, dict(scope["headers"]))
            return
        fault = self._draw(asked)
        await (exchange.pass_on() if fault is None else fault.strike(exchange))

    def _draw(self, asked: Asked) -> FaultBase | None:
        """The fault that befalls the request; every armed one that matches counts it up to there."""
        with self._lock:
            for armed in self._armed:
                if armed.is_spent or not armed.fault.is_for(asked):
                    continue
                armed.matched += 1
                if armed.matched > armed.fault.skip:
                    armed.fired += 1
                    return armed.fault
        return None

    def _understood(self, faults: Iterable[Mapping[str, Any]]) -> list[Fault]:
        try:
            found = _FAULTS.validate_python([dict(fault) for fault in faults])
        except ValidationError as error:
            raise ControlError(_words(error, "faults")) from error
        for place, fault in enumerate(found):
            if isinstance(fault, Mutation):
                self._changes.check(fault.mutations)
            if self._tracker not in fault.trackers:
                raise ControlError(f"faults[{place}]: {fault.kind} does not happen at {self._tracker}")
        return found

    # --- /__control__ --------------------------------------------------------------------------------------------

    async def _take_order(self, exchange: Exchange, headers: Mapping[bytes, bytes]) -> None:
        asked = exchange.asked
        status, body = 200, {}
        if asked.method == "POST":
            kind = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip()
            try:
                if kind != "application/json":
                    raise ControlError("the Content-Type must be application/json")
                body = self._carry_out(asked.body)
            except ItpmError as error:
                status, body = 400, {"error": str(error)}
        elif asked.method != "GET":
            status, body = 405, {"error": "GET and POST are the methods there are"}
        content = orjson.dumps(body if status != 200 else self._standing() | body)
        await exchange.send(Answer(status, [(b"content-type", b"application/json")], content))

    def _standing(self) -> dict[str, Any]:
        return {"now": self._clock.now(), "faults": [armed.told() for armed in self.armed()]}

    def _carry_out(self, content: bytes) -> dict[str, Any]:
        try:
            posted = orjson.loads(content)
        except orjson.JSONDecodeError as error:
            raise ControlError(f"the body is no JSON: {error}") from error
        if not isinstance(posted, dict):
            raise ControlError("the body must be a JSON object")
        try:
            order = _Order.model_validate(posted)
        except ValidationError as error:
            raise ControlError(_words(error)) from error
        self._understood(order.faults)
        self._changes.check(order.mutations)
        if order.clear:
            self.clear()
        if order.advance_seconds:
            self._clock.advance(timedelta(seconds=order.advance_seconds))
        made = self._changes.apply(order.mutations)
        self.arm(*order.faults)
        return {"mutations": made} if made else {}


def _words(error: ValidationError, inside: str = "") -> str:
    """What is wrong, in one line: ``faults[0].server_error.status: Input should be …``."""
    told = []
    for one in error.errors():
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in one["loc"])
        told.append(f"{inside}{place}".lstrip(".") + f": {one['msg']}")
    return "; ".join(told)
