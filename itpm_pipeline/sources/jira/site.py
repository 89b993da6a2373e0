"""Reads what belongs to a whole site: projects, catalogues, boards and their sprints."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from itpm_pipeline.errors import ProtocolError, RefusedError
from itpm_pipeline.extract import json_text
from itpm_pipeline.extract.client import Traffic
from itpm_pipeline.extract.read_ahead import read_ahead
from itpm_pipeline.extract.records import RawRecord
from itpm_pipeline.sources.jira.emission import Emission
from itpm_pipeline.sources.jira.paging import entries_of, offset_pages
from itpm_pipeline.sources.jira.session import AGILE, JiraSession, Server
from itpm_pipeline.sources.jira.settings import FIELD_LISTING, LISTINGS, Listing
from itpm_pipeline.sources.jira.sprint_reports import SprintReports

AGILE_PAGE = 50
"""Entries in a page of boards, sprints and a board's projects: the servers' maximum."""
BOARD_STREAMS = ("boards", "board_configurations", "board_projects", "board_sprints", "sprints")

SUPPORTED, UNSUPPORTED, DENIED = "supported", "unsupported", "denied"
_SPRINT_REFUSALS = {400: UNSUPPORTED, 422: UNSUPPORTED, 403: DENIED, 404: DENIED}
"""Status that a board's sprint list is refused with, to what it means (kanban boards have no sprints)."""


def list_projects(session: JiraSession, traffic: Traffic) -> list[dict[str, Any]]:
    """All projects we may see, archived ones included, ordered by key."""
    doing = "listing the projects"
    if session.server(traffic).is_cloud:

        def fetch(start: int) -> Any:
            params = {
                "startAt": start, "maxResults": 100, "orderBy": "key", "status": ["live", "archived"],
                "expand": "description,lead,url,projectKeys",
            }  # fmt: skip
            return session.get(doing, "api/3/project/search", traffic, params)

        projects = [project for page in offset_pages(fetch, "values", doing=doing) for project in page]
    else:
        params = {"expand": "description,lead,url,projectKeys", "includeArchived": "true"}
        projects = entries_of({"values": session.get(doing, "api/2/project", traffic, params)}, "values", doing)
    return sorted(projects, key=lambda project: str(project["key"]))


def read_site(
    session: JiraSession, server: Server, fields: Sequence[Mapping[str, Any]], emission: Emission,
    known_info: str | None, reports: SprintReports | None = None,
) -> Iterator[RawRecord]:
    """All records of the site. Everything is read every time: nothing of it tells when it changed.

    ``fields``: entries of the listing of fields. ``known_info`` is the :func:`info_digest` of the server information
    landed before: it holds a clock, so it is landed only when something else in it changed. ``reports``: None where
    they are not asked for.
    """
    if info_digest(server) != known_info:
        yield emission.record("server_info", "server", server.raw)
    projects = list_projects(session, emission.traffic("projects"))
    for project in projects:
        yield emission.record("projects", project["id"], project)

    def entries(listing: Listing) -> Sequence[Mapping[str, Any]]:
        return fields if listing is FIELD_LISTING else list_entries(session, listing, emission.traffic(listing.stream))

    listed = read_ahead(entries, LISTINGS, workers=session.tracker.concurrency)
    for listing, found in zip(LISTINGS, listed, strict=True):
        for entry in found:
            yield emission.record(listing.stream, entry[listing.key], entry)
    try:
        boards = _boards(session, projects, emission.traffic("boards"))
    except RefusedError as error:
        # A site without Jira Software has no boards.
        if error.status not in (401, 403, 404):
            raise
        emission.skip(str(error), *BOARD_STREAMS)
        return
    yield from _read_boards(session, boards, emission, reports)


def info_digest(server: Server) -> str:
    """Hash of the server information without its clock."""
    steady = {name: value for name, value in server.raw.items() if name not in ("serverTime", "healthChecks")}
    return hashlib.sha256(json_text.dumps(steady)).hexdigest()


def list_entries(session: JiraSession, listing: Listing, traffic: Traffic) -> list[dict[str, Any]]:
    """Entries of a plain list of the site."""
    doing = f"listing the {listing.stream.replace('_', ' ')}"
    answer = session.get(doing, session.platform(listing.path, traffic), traffic)
    return entries_of(answer if listing.inside else {"values": answer}, listing.inside or "values", doing)


def _boards(session: JiraSession, projects: list[dict[str, Any]], traffic: Traffic) -> list[dict[str, Any]]:
    """All boards; where only some projects are synced, those that show issues of them."""
    admitted = [project["key"] for project in projects if session.tracker.projects.admits(project["key"])]
    if len(admitted) == len(projects):
        return _paged(session, "listing the boards", "board", traffic)
    found: dict[Any, dict[str, Any]] = {}
    for key in admitted:
        of_project = _paged(session, f"listing the boards of {key}", "board", traffic, {"projectKeyOrId": key})
        found |= {board["id"]: board for board in of_project}
    return [found[board] for board in sorted(found)]


def _read_boards(
    session: JiraSession, boards: list[dict[str, Any]], emission: Emission, reports: SprintReports | None
) -> Iterator[RawRecord]:
    refused: dict[str, str] = {}
    sprints: dict[Any, dict[str, Any]] = {}
    listed_by: defaultdict[Any, list[Any]] = defaultdict(list)

    def read(board: dict[str, Any]) -> list[tuple[str, Any, Any]]:
        return list(_read_board(session, board, emission, refused, sprints))

    for parts in read_ahead(read, boards, workers=session.tracker.concurrency):
        yield from (emission.record(*part) for part in parts)
        for stream, number, value in parts:
            for sprint in value["sprintIds"] if stream == "board_sprints" else ():
                listed_by[sprint].append(number)
    for sprint in sorted(sprints):
        yield emission.record("sprints", sprint, sprints[sprint])
    emission.outcomes["sprints"].is_complete = True
    emission.outcomes["boards"].details["refused"] = dict(sorted(refused.items()))
    if reports is not None:
        yield from reports.read(sprints, listed_by)


def _read_board(
    session: JiraSession,
    board: dict[str, Any],
    emission: Emission,
    refused: dict[str, str],
    sprints: dict[Any, dict[str, Any]],
) -> Iterator[tuple[str, Any, Any]]:
    """(stream, native id, value) of one board; what is refused is noted, and fails nothing."""
    number, path = board["id"], f"board/{board['id']}"
    yield "boards", number, board
    doing = f"reading the configuration of board {number}"
    try:
        yield (
            "board_configurations",
            number,
            session.get(doing, f"{AGILE}/{path}/configuration", emission.traffic("board_configurations")),
        )
    except RefusedError as error:
        _note(error, refused, f"{path}/configuration")
    try:
        doing = f"reading the projects of board {number}"
        projects = _paged(session, doing, f"{path}/project", emission.traffic("board_projects"))
        yield "board_projects", number, {"boardId": number, "projects": projects}
    except RefusedError as error:
        _note(error, refused, f"{path}/project")
    support, reason, listed = SUPPORTED, None, []
    doing = f"reading the sprints of board {number}"
    try:
        listed = _paged(session, doing, f"{path}/sprint", emission.traffic("sprints"))
    except RefusedError as error:
        _note(error, refused, f"{path}/sprint")
        support, reason = _SPRINT_REFUSALS.get(error.status, DENIED), str(error)
    for sprint in listed:
        sprints.setdefault(sprint["id"], sprint)
    envelope = {"boardId": number, "sprintIds": [sprint["id"] for sprint in listed], "support": support}
    yield "board_sprints", number, envelope | ({"reason": reason} if reason else {})


def _note(error: RefusedError, refused: dict[str, str], what: str) -> None:
    """Remember a refusal of one board; a status that says more than "not this board" fails the reading."""
    if error.status not in _SPRINT_REFUSALS:
        raise error
    refused[what] = str(error)


def _paged(
    session: JiraSession, doing: str, path: str, traffic: Traffic, params: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    def fetch(start: int) -> Any:
        window = {"startAt": start, "maxResults": AGILE_PAGE}
        return session.get(doing, f"{AGILE}/{path}", traffic, (params or {}) | window)

    entries = [entry for page in offset_pages(fetch, "values", doing=doing) for entry in page]
    if any("id" not in entry for entry in entries):
        raise ProtocolError(f"{doing}: an entry has no id")
    return entries
