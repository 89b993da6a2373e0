"""What goes over the wire: JSON bodies, Jira's error bodies, page envelopes, query parameters."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from itpm_pipeline.errors import ItpmError


class JiraError(ItpmError):
    """An answer other than 200. ``body`` is sent as it is; the usual one has errorMessages and errors."""

    def __init__(
        self, status: int, *messages: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status}: {' '.join(messages)}")
        self.status = status
        self.body = body if body is not None else {"errorMessages": list(messages), "errors": {}}
        self.headers = headers or {}


class JsonResponse(Response):
    """A JSON body as Jira sends it."""

    media_type = "application/json;charset=UTF-8"

    def render(self, content: Any) -> bytes:
        """Encode ``content``; ``orjson.Fragment`` inside it is passed on as it is."""
        return orjson.dumps(content)


def integer(request: Request, name: str, default: int) -> int:
    """A whole number from the query string, or ``default``; 400 for anything else."""
    text = request.query_params.get(name)
    if text is None or not text.strip():
        return default
    try:
        return int(text)
    except ValueError:
        raise JiraError(400, f"Invalid value for the query parameter {name}: expected an integer.") from None


def names(values: Sequence[str]) -> list[str]:
    """Names from repeated and comma-separated query parameters, in order."""
    return [name.strip() for value in values for name in value.split(",") if name.strip()]


async def json_body(request: Request) -> dict[str, Any]:
    """The JSON object posted; 400 when it is none."""
    try:
        body = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        raise JiraError(400, "There was an error parsing JSON. Check that your request body is valid.") from None
    if not isinstance(body, dict):
        raise JiraError(400, "Invalid request payload. Refer to the REST API documentation and try again.")
    return body


def window(request: Request, *, default: int, cap: int) -> tuple[int, int]:
    """``startAt`` and ``maxResults``, the latter cut to ``cap`` as Jira does it silently."""
    start = integer(request, "startAt", 0)
    size = integer(request, "maxResults", default)
    if start < 0 or size < 0:
        raise JiraError(400, "startAt and maxResults must not be negative.")
    return start, min(size, cap)


def page_bean(request: Request, items: Sequence[Any], *, default: int = 50, cap: int = 50) -> dict[str, Any]:
    """The platform's page of ``items``, with links to itself and to the next page."""
    start, size = window(request, default=default, cap=cap)
    values = items[start : start + size]
    is_last = start + len(values) >= len(items)

    def link(at: int) -> str:
        return str(request.url.include_query_params(startAt=at, maxResults=size))

    bean: dict[str, Any] = {
        "self": link(start),
        "maxResults": size,
        "startAt": start,
        "total": len(items),
        "isLast": is_last,
        "values": values,
    }
    if not is_last and size:
        bean["nextPage"] = link(start + size)
    return bean


def agile_page(request: Request, items: Sequence[Any], *, with_total: bool) -> dict[str, Any]:
    """The Agile API's page of ``items``: at most 50, and a total only where the real one gives it."""
    start, size = window(request, default=50, cap=50)
    values = items[start : start + size]
    page: dict[str, Any] = {"maxResults": size, "startAt": start}
    if with_total:
        page["total"] = len(items)
    page["isLast"] = start + len(values) >= len(items)
    page["values"] = values
    return page
