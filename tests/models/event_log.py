"""Writes down what happened to issues and turns it into core rows, as a tracker with a complete history tells it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from itpm_pipeline.canonical.schema import arrow_schema, core_table, metadata
from itpm_pipeline.warehouse.ops import SYNC_LOG

TRACKER = "acme"
CATEGORIES = {"todo": "todo", "doing": "in_progress", "review": "in_progress", "done": "done", "released": "done",
              "cancelled": "todo", "wontdo": "done"}
DEFAULT_COLUMNS = {"todo": 0, "doing": 1, "review": 1, "done": 2}
CREATED = datetime(2026, 2, 20, tzinfo=UTC)
READ = datetime(2026, 11, 16, 8, tzinfo=UTC)


def at(text: str) -> datetime:
    """``03-04T12`` or ``2026-03-04T12:00:01`` → instant in UTC; the year is 2026 unless told."""
    full = text if text[4:5] == "-" else f"2026-{text}"
    return datetime.fromisoformat(full if "T" in full else f"{full}T00:00").replace(tzinfo=UTC)


def status_id(status: str | None) -> str | None:
    """Identifier of a status by its short name."""
    return status and f"jira:{TRACKER}:status:{status}"


@dataclass
class Change:
    """One item of the history of one issue."""

    occurred_at: datetime
    field: str
    before: str | None
    after: str | None


@dataclass
class Issue:
    """One issue with its history. ``now`` holds the present value of each field, ``sprints`` the Sprint field."""

    issue_id: str
    key: str
    created_at: datetime
    now: dict[str, str | None]
    sprints: list[str]
    extra: dict[str, Any]
    history: list[Change] = field(default_factory=list)

    def set(self, name: str, when: datetime | str, value: str | float | None) -> "Issue":
        """The field changes."""
        when = at(when) if isinstance(when, str) else when
        text = None if value is None else f"{value:g}" if isinstance(value, float | int) else value
        self.history.append(Change(when, name, self.now.get(name), text))
        self.now[name] = text
        return self

    def move(self, when: datetime | str, status: str, resolution: str | None = None) -> "Issue":
        """The status changes, and with it the resolution: set on done, cleared otherwise."""
        self.set("status", when, status_id(status))
        done = CATEGORIES[status] == "done"
        wanted = (resolution or "Done") if done else None
        if wanted != self.now.get("resolution"):
            self.set("resolution", when, wanted)
        return self

    def estimate(self, when: datetime | str, points: float | None) -> "Issue":
        """The points change."""
        return self.set("estimate_points", when, points)

    def join(self, when: datetime | str, sprint: str) -> "Issue":
        """The sprint is added to the Sprint field."""
        return self._sprint_list(when, [*self.sprints, sprint])

    def leave(self, when: datetime | str, sprint: str) -> "Issue":
        """The sprint is taken out of the Sprint field."""
        return self._sprint_list(when, [one for one in self.sprints if one != sprint])

    def swap(self, when: datetime | str, old: str, new: str) -> "Issue":
        """One sprint is replaced by another in one step."""
        return self._sprint_list(when, [new if one == old else one for one in self.sprints])

    def _sprint_list(self, when: datetime | str, sprints: list[str]) -> "Issue":
        self.sprints = sprints
        return self.set("sprint", when, ", ".join(sprints) or None)


@dataclass
class EventLog:
    """What happened, in terms of a tracker; :meth:`rows` says it in terms of the core schema."""

    tables: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    issues: dict[str, Issue] = field(default_factory=dict)
    readings: list[dict[str, object]] = field(default_factory=list)
    """Rows of ops.sync_log."""

    def __post_init__(self) -> None:
        for status, category in CATEGORIES.items():
            self.add("status", status_id=status_id(status), name=status.title(), category=category)
        self.project("PAY")

    def add(self, table: str, **row: Any) -> None:
        """A core row as it is; columns left out are null."""
        self.tables[table].append(row)

    def project(self, key: str) -> str:
        """A Jira project; returns its id."""
        project_id = f"jira:{TRACKER}:project:{key}"
        self.add("project", project_id=project_id, container_type="jira_project", project_key=key, name=key)
        return project_id

    def program(self, key: str, projects: Iterable[str], **columns: Any) -> str:
        """A program of projects given by key; returns its id."""
        program_id = f"program:{key}"
        row = {"timezone": "UTC", "calendar_id": "default", **columns}
        self.add("program", program_id=program_id, program_key=key, name=key, source="config", **row)
        for project in projects:
            self.add("program_project", program_id=program_id, project_ref=f"{TRACKER}:{project}",
                     valid_from=date(1970, 1, 1), weight=1.0, source="config")
        return program_id

    def board(self, name: str, columns: Mapping[str, int] | None = None, seen: Sequence[datetime] = (CREATED,)) -> str:
        """A scrum board whose columns hold statuses by position, seen so at the given instants; returns its id."""
        board_id = f"jira:{TRACKER}:board:{name}"
        self.add("board", board_id=board_id, name=name, type="scrum", estimation_field_id="customfield_1")
        for when in seen:
            self.columns(board_id, columns or DEFAULT_COLUMNS, when)
        return board_id

    def columns(self, board_id: str, columns: Mapping[str, int], seen: datetime) -> None:
        """One reading of a board's configuration."""
        last = max(columns.values())
        for status, ordinal in columns.items():
            self.add("board_column_status", board_id=board_id, status_id=status_id(status), observed_at=seen,
                     column_name=str(ordinal), column_ordinal=ordinal, column_count=last + 1,
                     is_done_column=ordinal == last)

    def sprint(self, name: str, start: datetime, end: datetime | None, board: str | None, **columns: Any) -> str:
        """A Jira sprint, closed at ``end`` or still active; returns its id."""
        sprint_id = f"jira:{TRACKER}:sprint:{name}"
        row = {"state": "closed" if end else "active", "planned_end_at": end or start + timedelta(days=14), **columns}
        self.add("sprint", sprint_id=sprint_id, kind="jira_sprint", board_id=board, name=name, start_at=start,
                 completed_at=end, created_at=start - timedelta(days=7), **row)
        return sprint_id

    def issue(
        self, key: str, points: float | None = None, *, created: datetime = CREATED, status: str = "todo",
        sprints: Sequence[str] = (), project: str = "PAY", kind: str = "story", **extra: Any,
    ) -> Issue:
        """An issue as created; its methods tell what happened next."""
        issue = Issue(
            issue_id=f"jira:{TRACKER}:{len(self.issues) + 10001}", key=key, created_at=created, sprints=list(sprints),
            now={
                "status": status_id(status), "estimate_points": None if points is None else f"{points:g}",
                "sprint": ", ".join(sprints) or None, "project": f"jira:{TRACKER}:project:{project}",
            },
            extra={"type": kind, **extra},
        )
        self.issues[key] = issue
        return issue

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """Core rows of everything told so far."""
        rows: dict[str, list[dict[str, Any]]] = {name: list(told) for name, told in self.tables.items()}
        for table in ("issue", "issue_key_alias", "issue_history", "issue_field_event", "issue_sprint"):
            rows.setdefault(table, [])
        for issue in self.issues.values():
            rows["issue"].append(_issue_row(issue))
            rows["issue_key_alias"].append({
                "issue_key": issue.key, "issue_id": issue.issue_id, "is_current": True,
                "instance": issue.extra.get("instance", TRACKER),
            })
            rows["issue_history"].append({"issue_id": issue.issue_id, "is_complete": True})
            rows["issue_sprint"] += [{"issue_id": issue.issue_id, "sprint_id": one} for one in issue.sprints]
            rows["issue_field_event"] += [
                {
                    "issue_id": issue.issue_id, "source_event_id": str(1000 + number), "item_ordinal": 0,
                    "field": change.field, "from_raw": change.before, "to_raw": change.after,
                    "from_text": change.before, "to_text": change.after, "occurred_at": change.occurred_at,
                    "provenance": "api_event",
                }
                for number, change in enumerate(issue.history)
            ]
        return rows

    def load(self, connection: sa.Connection) -> None:
        """Create the core schema in an empty DuckDB and fill it."""
        create_core(connection)
        insert(connection, self.rows())
        if self.readings:
            connection.execute(sa.insert(SYNC_LOG), self.readings)


def _issue_row(issue: Issue) -> dict[str, Any]:
    moves = [change for change in issue.history if change.field == "status"]
    is_done = CATEGORIES[str(issue.now["status"]).rpartition(":")[2]] == "done"
    points = issue.now["estimate_points"]
    return {
        "issue_id": issue.issue_id, "issue_key": issue.key, "project_id": issue.now["project"],
        "hierarchy_level": {"epic": 1, "subtask": -1}.get(issue.extra["type"], 0),
        "status_id": issue.now["status"], "resolution_raw": issue.now.get("resolution"),
        "outcome": "delivered" if is_done else None, "created_at": issue.created_at,
        "updated_at": max([issue.created_at, *(change.occurred_at for change in issue.history)]),
        "resolved_at": moves[-1].occurred_at if is_done and moves else None,
        "estimate_points": None if points is None else float(points),
        "priority": issue.now.get("priority"), "assignee_person_id": issue.now.get("assignee"),
        "is_flagged": bool(issue.now.get("flagged")), "labels": "[]", "is_deleted": False,
        "due_date": date.fromisoformat(issue.now["due_date"]) if issue.now.get("due_date") else None,
        **issue.extra,
    }


@cache
def _core_ddl() -> str:
    """All core tables in one text: commented column by column it takes longer than the models under test."""
    wanted = [*metadata.sorted_tables, SYNC_LOG]
    tables = [str(CreateTable(table).compile(dialect=postgresql.dialect())) for table in wanted]
    return ";".join(["set timezone = 'UTC'", "create schema core", "create schema ops", *tables])


def create_core(connection: sa.Connection) -> None:
    """All core tables and the log of readings, empty, without keys, as the warehouse declares them."""
    connection.connection.driver_connection.execute(_core_ddl())


def insert(connection: sa.Connection, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Append rows through Arrow; the tracker's name is filled in."""
    driver = connection.connection.driver_connection
    for name, given in rows.items():
        stamped = [
            {"source": str(row.get("issue_id") or row.get("sprint_id") or "jira").split(":")[0], "instance": TRACKER,
             "synced_at": READ, **row}
            for row in given
        ]
        if stamped:
            driver.register("incoming", pa.Table.from_pylist(stamped, schema=arrow_schema(core_table(name))))
            driver.execute(f'insert into core."{name}" by name select * from incoming')
            driver.unregister("incoming")
