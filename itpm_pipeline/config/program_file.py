"""Reads program.yaml: environment variables, secrets, and errors that name the line."""

import os
import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from itpm_pipeline.config.notifications import MailServer, Notifications
from itpm_pipeline.config.settings import (
    GithubApp,
    GithubTracker,
    JiraTracker,
    KeyResult,
    Objective,
    Program,
    Settings,
)
from itpm_pipeline.errors import ConfigurationError

CONFIG_VARIABLE = "ITPM_CONFIG"
_WAREHOUSE_VARIABLE = "ITPM_WAREHOUSE_URL"
_PLACES = {_WAREHOUSE_VARIABLE: "warehouse", "ITPM_LANDING_URL": "landing"}
_MAY_HOLD_PASSWORDS = (("warehouse", "url"), ("landing", "url"))
_SECRETS = frozenset({"token", "private_key", "password", "webhook"})
_WITH_USER = re.compile(r"(?P<scheme>(?!duckdb)[^/:]+://)(?P<user>.*)@(?P<rest>[^@]*)", re.DOTALL)
_PASSWORD_OPTION = re.compile(r"(?<=[?&])((?:ssl)?password)=([^&]*)")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_UNKNOWN_KEY_OWNERS = (
    Settings, JiraTracker, GithubTracker, GithubApp, Program, Objective, KeyResult, Notifications, MailServer,
)  # fmt: skip

Path_ = tuple[str | int, ...]


def config_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Where program.yaml is: ``ITPM_CONFIG``, else the working folder."""
    return Path(environment.get(CONFIG_VARIABLE) or "program.yaml")


def warehouse_scheme(environment: Mapping[str, str] = os.environ) -> str:
    """What ``ITPM_WAREHOUSE_URL`` begins with, such as ``postgresql+psycopg``; empty if it is not set."""
    return environment.get(_WAREHOUSE_VARIABLE, "").partition("://")[0]


def load_settings(
    path: Path | None = None,
    environment: Mapping[str, str] = os.environ,
    *,
    sections: Collection[str] | None = None,
) -> Settings:
    """Read and validate program.yaml; relative places and files are meant from its folder.

    ``sections``: read only these top-level keys, so that who only queries the warehouse needs no tracker's secrets.

    Raises:
        ConfigurationError: one line per problem, each naming file, line and key.
    """
    path = (path or config_path(environment)).absolute()
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"cannot read {path}: {error.strerror}; write one with `itpm init`, or set {CONFIG_VARIABLE}"
        ) from None
    raw, lines = _parse(path, text)
    if sections is not None:
        raw = {key: value for key, value in raw.items() if key in sections}
    problems: list[str] = []
    resolved = _resolve(raw, (), environment, lambda at, what: problems.append(_locate(path, lines, at, what)))
    if problems:
        raise ConfigurationError("\n".join(problems))
    for variable, place in _PLACES.items():
        if environment.get(variable):
            resolved[place] = {"url": environment[variable]}
    try:
        settings = Settings.model_validate(resolved)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        raise ConfigurationError(
            "\n".join(_locate(path, lines, _plain(detail["loc"]), _say(detail)) for detail in details)
        ) from None
    return _anchor(settings, path.parent)


def _parse(path: Path, text: str) -> tuple[dict[str, Any], dict[Path_, int]]:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or "unreadable"
        raise ConfigurationError(f"{where}: not valid YAML: {problem}") from None
    if raw is None:
        return {}, {}
    if not isinstance(raw, dict):
        raise ConfigurationError(f"{path}:1: must be a mapping with keys such as trackers and programs")
    return raw, dict(_line_numbers(node, ()))


def _line_numbers(node: yaml.Node | None, at: Path_) -> Iterator[tuple[Path_, int]]:
    if node is None:
        return
    yield at, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _line_numbers(value, (*at, key.value))
            yield (*at, key.value), key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _line_numbers(value, (*at, index))


def _resolve(value: Any, at: Path_, environment: Mapping[str, str], report: Any) -> Any:
    """Put environment variables in place of ``${NAME}``; a secret must be nothing else."""
    if isinstance(value, dict):
        return {key: _resolve(item, (*at, key), environment, report) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolve(item, (*at, index), environment, report) for index, item in enumerate(value)]
    if at and at[-1] in _SECRETS and value is not None and not (isinstance(value, str) and _VARIABLE.fullmatch(value)):
        report(at, "a secret must not stand in this file; write ${NAME} and set that environment variable")
        return None
    if not isinstance(value, str):
        return value
    missing = sorted({name for name in _VARIABLE.findall(value) if not environment.get(name)})
    for name in missing:
        report(at, f"environment variable {name} is not set (or empty)")
    if at in _MAY_HOLD_PASSWORDS:
        return _address(value, environment, lambda what: report(at, what))
    return _VARIABLE.sub(lambda match: environment.get(match[1], ""), value)


def _address(url: str, environment: Mapping[str, str], report: Any) -> str:
    """The address of a database or an object store.

    A variable before the @, or as a password among the options, is taken as it is, whatever characters it has.
    """
    found = _WITH_USER.fullmatch(url)
    scheme, user, rest = (found["scheme"], found["user"] + "@", found["rest"]) if found else ("", "", url)
    password = user.removesuffix("@").partition(":")[2]
    options = [option[2] for option in _PASSWORD_OPTION.finditer(rest)]
    if any(secret and not _VARIABLE.fullmatch(secret) for secret in (password, *options)):
        report("a secret must not stand in this file; write scheme://user:${NAME}@… and set that variable")

    def quoted(text: str) -> str:
        return _VARIABLE.sub(lambda match: quote(environment.get(match[1], ""), safe=""), text)

    rest = _PASSWORD_OPTION.sub(lambda option: f"{option[1]}={quoted(option[2])}", rest)
    return scheme + quoted(user) + _VARIABLE.sub(lambda match: environment.get(match[1], ""), rest)


def _plain(location: tuple[str | int, ...]) -> Path_:
    """The path in the file: pydantic puts the tracker kind between the index and the key."""
    if len(location) > 2 and location[0] == "trackers" and location[2] in {"jira", "github"}:
        return (*location[:2], *location[3:])
    return location


def _say(detail: ErrorDetails) -> str:
    if detail["type"] == "extra_forbidden":
        key = str(detail["loc"][-1])
        known = sorted({name for model in _UNKNOWN_KEY_OWNERS for name in model.model_fields})
        close = get_close_matches(key, known, n=1)
        return "unknown key" + (f"; did you mean {close[0]}?" if close else "")
    return detail["msg"].removeprefix("Value error, ")


def _locate(path: Path, lines: Mapping[Path_, int], at: Path_, what: str) -> str:
    inner = at
    while inner and inner not in lines:
        inner = inner[:-1]
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in at).lstrip(".")
    return f"{path}:{lines.get(inner, 1)}: {f'{name}: ' if name else ''}{what}"


def _anchor(settings: Settings, folder: Path) -> Settings:
    """Make relative places absolute, so that it does not matter from which folder we run."""

    def place(url: str) -> str:
        scheme, separator, rest = url.rpartition("://")
        if not separator:
            return str(folder / rest)
        if scheme == "duckdb":
            return f"duckdb:///{folder / rest.removeprefix('/')}" if not rest.startswith("//") else url
        return url

    trackers = tuple(
        tracker.model_copy(update={"ca_file": folder / tracker.ca_file}) if tracker.ca_file else tracker
        for tracker in settings.trackers
    )
    facts = {
        name: folder / file for name in type(settings.facts).model_fields if (file := getattr(settings.facts, name))
    }
    return settings.model_copy(
        update={
            "warehouse": settings.warehouse.model_copy(update={"url": place(settings.warehouse.url)}),
            "landing": settings.landing.model_copy(update={"url": place(settings.landing.url)}),
            "reports": settings.reports.model_copy(update={"url": place(settings.reports.url)}),
            "inbox": settings.inbox and settings.inbox.model_copy(update={"url": place(settings.inbox.url)}),
            "trackers": trackers,
            "facts": settings.facts.model_copy(update=facts),
        }
    )
