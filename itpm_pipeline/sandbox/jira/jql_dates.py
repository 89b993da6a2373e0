"""Dates as JQL reads them: the trap is that words without a zone are read in the account's time zone."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import assert_never

from itpm_pipeline.sandbox.jira.answers import JiraError
from itpm_pipeline.sandbox.jira.instants import millis
from itpm_pipeline.sandbox.jira.jql import Empty, Function, Operand, Value
from itpm_pipeline.sandbox.jira.site import Site

_FORMS = ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d")
_EPOCH = re.compile(r"-?\d+")
_PERIOD = re.compile(r"(?P<sign>[+-]?)(?P<parts>(?:\d+[wdhm]\s*)+)")
_UNITS = {"w": timedelta(weeks=1), "d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}


def instant(operand: Operand, field: str, site: Site) -> int:
    """Epoch milliseconds of a date operand.

    Epoch milliseconds, ``yyyy-MM-dd[ HH:mm]`` (minutes at best) in the account's time zone, a period from now such as
    ``-5d`` or ``"4w 2d"``, ``now()`` and the start or end of the present day, week or month, moved by a period.
    """
    match operand:
        case Function():
            return millis(_function(operand, field, site))
        case Value(text=text):
            return _literal(text.strip(), field, site)
        case Empty():
            raise JiraError(400, f"The field '{field}' does not support searching for EMPTY values with this operator.")
        case _:
            assert_never(operand)


def is_relative(operand: Operand) -> bool:
    """Whether the operand's instant moves with the clock."""
    return isinstance(operand, Function) or (
        isinstance(operand, Value) and _PERIOD.fullmatch(operand.text.strip()) is not None
    )


def _literal(text: str, field: str, site: Site) -> int:
    if _EPOCH.fullmatch(text):
        return int(text)
    period = _period(text)
    if period is not None:
        return millis(site.clock.now() + period)
    for form in _FORMS:
        try:
            return millis(datetime.strptime(text, form).replace(tzinfo=site.zone))
        except ValueError:
            continue
    raise JiraError(
        400,
        f"Date value '{text}' for field '{field}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', "
        "'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'.",
    )


def _period(text: str) -> timedelta | None:
    match = _PERIOD.fullmatch(text.strip())
    if match is None:
        return None
    parts = re.findall(r"\d+[wdhm]", match["parts"])
    length = sum((int(part[:-1]) * _UNITS[part[-1]] for part in parts), timedelta())
    return -length if match["sign"] == "-" else length


def _function(call: Function, field: str, site: Site) -> datetime:
    anchor = _ANCHORS.get(call.name.lower())
    if anchor is None:
        raise JiraError(400, f"Unable to find JQL function '{call.name}()' for the field '{field}'.")
    at = anchor(site.clock.now().astimezone(site.zone))
    if not call.arguments:
        return at
    if call.name.lower() == "now":
        raise JiraError(400, "Function 'now' expects no argument.")
    moved = _period(call.arguments[0])
    if moved is None or len(call.arguments) > 1:
        raise JiraError(
            400, f"Function '{call.name}' expects a period such as -1d, but got '{', '.join(call.arguments)}'."
        )
    return at + moved


def _start_of_day(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


_ANCHORS: dict[str, Callable[[datetime], datetime]] = {
    "now": lambda now: now,
    "startofday": _start_of_day,
    "endofday": lambda now: _start_of_day(now) + timedelta(days=1, milliseconds=-1),
    "startofweek": lambda now: _start_of_day(now) - timedelta(days=(now.weekday() + 1) % 7),
    "startofmonth": lambda now: _start_of_day(now).replace(day=1),
}
