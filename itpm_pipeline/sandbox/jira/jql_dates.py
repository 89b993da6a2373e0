"""Dates as JQL reads them: the trap is that words without a zone are read in the account's time zone."""

import re
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
_FUNCTIONS = frozenset({"now", "startofday", "endofday", "startofweek", "startofmonth"})


def instant(operand: Operand, field: str, site: Site) -> int:
    """Epoch milliseconds of a date operand.

    Epoch milliseconds, ``yyyy-MM-dd[ HH:mm]`` (minutes at best) in the account's time zone, a period from now such as
    ``-5d`` or ``"4w 2d"``, ``now()`` and the start or end of the present day, week or month.
    """
    match operand:
        case Function(name=name):
            return millis(_function(name, field, site))
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
    period = _PERIOD.fullmatch(text)
    if period:
        length = sum(
            (int(part[:-1]) * _UNITS[part[-1]] for part in re.findall(r"\d+[wdhm]", period["parts"])), timedelta()
        )
        now = site.clock.now()
        return millis(now - length if period["sign"] == "-" else now + length)
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


def _function(name: str, field: str, site: Site) -> datetime:
    called = name.lower()
    if called not in _FUNCTIONS:
        raise JiraError(400, f"Unable to find JQL function '{name}()' for the field '{field}'.")
    now = site.clock.now().astimezone(site.zone)
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    match called:
        case "now":
            return now
        case "startofday":
            return day
        case "endofday":
            return day + timedelta(days=1) - timedelta(milliseconds=1)
        case "startofweek":
            return day - timedelta(days=(day.weekday() + 1) % 7)
        case _:
            return day.replace(day=1)
