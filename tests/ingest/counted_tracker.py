"""A tracker in memory whose issues, releases and projects can vanish, and a source that is asked where they went."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from scripted_tracker import ScriptedContext, ScriptedSource, World, map_issue

from itpm_pipeline.canonical.rows import CanonicalRows
from itpm_pipeline.canonical.vocabulary import EntityKind
from itpm_pipeline.errors import RefusedError
from itpm_pipeline.extract import json_text
from itpm_pipeline.extract.client import Traffic
from itpm_pipeline.extract.records import SITE, ProjectRef, RawRecord, StreamOutcome
from itpm_pipeline.extract.source import Cursor, Read, Stream, Whereabouts


@dataclass
class CountedWorld(World):
    """``hidden``: issues that are there and not to be seen. ``unlisted``: issues a list forgets. ``versions``: ids of
    PAY's releases. ``left_out``: projects that the settings leave out. ``asked``: ids that were looked for."""

    hidden: set[str] = field(default_factory=set)
    unlisted: set[str] = field(default_factory=set)
    uncounted: set[str] = field(default_factory=set)
    left_out: set[str] = field(default_factory=set)
    fates: dict[str, Whereabouts] = field(default_factory=dict)
    versions: set[str] = field(default_factory=set)
    items: dict[str, tuple[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def put(self, native_id: str, project: str = "PAY", **fields: Any) -> None:
        """Create, change or move an issue."""
        super().put(native_id, project, **fields)
        self.issues[native_id] |= {"project": project, "project_id": self.projects[project]}

    def visible(self, project: str) -> list[str]:
        return [
            native for native, issue in self.issues.items()
            if issue["project"] == project and native not in self.hidden
        ]


class CountedSource(ScriptedSource):
    """As its parent, with projects, releases and items; all but issues are read whole every time."""

    streams = (
        *ScriptedSource.streams[:1],
        Stream("projects", "site", "Projects."),
        Stream("items", "site", "Items of boards.", holds=EntityKind.PROJECT_ITEM),
        Stream("versions", "project", "Releases.", holds=EntityKind.VERSION),
        Stream("issues", "project", "Issues.", holds=EntityKind.ISSUE),
    )
    world: CountedWorld

    def discover(self) -> list[ProjectRef]:
        return [project for project in super().discover() if project.key not in self.world.left_out]

    def read_site(self, cursor: Cursor | None, *, reconcile: bool = False) -> Read:
        def records() -> Iterator[RawRecord]:
            yield self._record("fields", SITE, "fields", self.world.fields)
            for key, native in self.world.projects.items():
                yield self._record("projects", SITE, native, {"id": native, "key": key})
            for native, (issue, sprint) in self.world.items.items():
                yield self._record("items", SITE, native, {"issue": issue, "sprint": sprint})

        return self._complete(self._read(records(), "fields", SITE), "items", SITE)

    def read_project(self, project: ProjectRef, cursor: Cursor | None, *, reconcile: bool = False) -> Read:
        read = super().read_project(project, cursor)
        if project.skip_reason:
            return read
        issues = read.records

        def records() -> Iterator[RawRecord]:
            for native in sorted(self.world.versions if project.key == "PAY" else ()):
                yield self._record("versions", project.key, native, {"project": project.native_id})
            yield from (one for one in issues if one.native_id not in self.world.hidden | self.world.unlisted)
            read.outcomes[-1].is_complete = cursor is None

        read.records = records()
        return self._complete(read, "versions", project.key)

    def issue_ids(self, project: ProjectRef, traffic: Traffic) -> Iterator[str]:
        if project.key in self.world.uncounted:
            raise RefusedError(f"{project.key} tells nothing", status=403)
        traffic.add(requests=1)
        yield from (native for native in self.world.visible(project.key) if native not in self.world.unlisted)

    def find_issues(self, project: ProjectRef, missing: Mapping[str, str], traffic: Traffic) -> list[Whereabouts]:
        found = []
        for native in missing:
            self.world.asked.append(native)
            issue = None if native in self.world.hidden else self.world.issues.get(native)
            where = self.world.projects.get(issue["project"]) if issue else None
            fate = self.world.fates.get(native, Whereabouts(native))
            found.append(Whereabouts(native, project=where) if where else fate)
        return found

    def read_issues(self, project: ProjectRef, native_ids: Sequence[str]) -> Read:
        found = (self._record("issues", project.key, one, self.world.issues[one]) for one in native_ids)
        return Read(iter(list(found)))

    def existing(self, kind: EntityKind, native_ids: Collection[str], traffic: Traffic) -> set[str]:
        there: dict[EntityKind, Collection[str]] = {
            EntityKind.PROJECT: self.world.projects.values(),
            EntityKind.VERSION: self.world.versions,
            EntityKind.PROJECT_ITEM: self.world.items,
        }
        return set(native_ids) & set(there[kind])

    def map_record(self, record: RawRecord, context: ScriptedContext, rows: CanonicalRows) -> None:
        if record.stream == "issues":
            map_issue(self.tracker, record, context, rows)
            rows.tables["issue"][0]["project_id"] = self._project_id(json_text.loads(record.payload)["project_id"])
        elif record.stream == "items":
            item: dict[str, Any] = json_text.loads(record.payload)
            rows.add("field_observation", {
                "entity_kind": "issue", "entity_id": f"jira:{self.tracker}:{item['issue']}", "field": "sprint",
                "scope": "board", "observed_at": record.fetched_at, "value": item["sprint"],
            })
        elif record.stream == "versions":
            rows.add("release_version", {
                "version_id": f"jira:{self.tracker}:version:{record.native_id}", "kind": "jira_version",
                "project_id": self._project_id(json_text.loads(record.payload)["project"]),
            })
        elif record.stream == "projects":
            project = json_text.loads(record.payload)
            rows.add("project", {
                "project_id": self._project_id(project["id"]), "project_key": project["key"],
                "container_type": "jira_project", "is_readable": True,
            })

    def _project_id(self, native: str) -> str:
        return f"jira:{self.tracker}:project:{native}"

    def _record(self, stream: str, project: str, native_id: str, value: Any) -> RawRecord:
        # By our own clock, as real sources do: it decides whether something was read or missed last.
        return replace(super()._record(stream, project, native_id, value), fetched_at=datetime.now(UTC))

    def _complete(self, read: Read, stream: str, project: str) -> Read:
        read.outcomes.append(StreamOutcome(stream, project, is_complete=True))
        return read
