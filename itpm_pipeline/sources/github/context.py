"""What the mapping of a record must know besides the record: settings, and which project field means what."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson

from itpm_pipeline.canonical.vocabulary import StatusCategory
from itpm_pipeline.extract.records import RawRecord

if TYPE_CHECKING:  # Settings are not needed where records are mapped.
    from itpm_pipeline.config import GithubTracker

MAPPING_VERSION = 2
"""Raised whenever the same record maps to other rows than before, so that landed records are mapped anew."""

CATEGORY_WORDS: Mapping[StatusCategory, frozenset[str]] = {
    StatusCategory.DONE: frozenset(
        {"done", "closed", "complete", "completed", "finished", "shipped", "released", "merged", "resolved", "deployed",
         "cancelled", "canceled", "won't do", "wont do", "won't fix", "duplicate"}
    ),
    StatusCategory.IN_PROGRESS: frozenset(
        {"in progress", "doing", "started", "active", "working", "in development", "in dev", "review", "in review",
         "code review", "needs review", "testing", "in testing", "in test", "qa", "in qa", "verification", "validation",
         "blocked", "on hold", "waiting", "ready to merge", "ready for review", "ready for qa", "staging"}
    ),
    StatusCategory.TODO: frozenset(
        {"todo", "to do", "backlog", "new", "open", "ready", "triage", "needs triage", "icebox", "planned", "next",
         "up next", "inbox", "not started", "no status", "selected for development", "later", "ideas"}
    ),
}  # fmt: skip
"""Names of status options whose category is plain; the others are judged by position."""

SPRINT_NAMES = ("sprint", "sprints", "iteration", "iterations")
"""Of several iteration fields the one with such a name holds the sprints; others hold quarters and the like."""
START_DATE_NAMES = frozenset({"start date", "start", "planned start"})
DUE_DATE_NAMES = frozenset({"due date", "due", "target date", "end date", "deadline", "planned end"})


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a status field, left to right."""

    id: str
    name: str
    category: str


@dataclass(frozen=True, slots=True)
class ProjectFields:
    """What the fields of a project (v2) mean; ids are node ids of fields, None where the project has no such field."""

    project: str
    title: str
    status: str | None = None
    options: tuple[Option, ...] = ()
    estimate: str | None = None
    estimate_name: str | None = None
    iteration: str | None = None
    iteration_name: str | None = None
    start_date: str | None = None
    due_date: str | None = None


@dataclass(frozen=True)
class GithubContext:
    """Settings that decide how records are mapped, and the meaning of project fields, by project node id."""

    tracker: str
    status_field: str = "status"
    estimate_fields: tuple[str, ...] = ()
    in_progress_labels: frozenset[str] = frozenset()
    blocked_labels: frozenset[str] = frozenset()
    status_options: Mapping[str, str] = field(default_factory=dict)
    type_labels: Mapping[str, str] = field(default_factory=dict)
    production_environments: frozenset[str] = frozenset()
    projects: Mapping[str, ProjectFields] = field(default_factory=dict)

    @classmethod
    def build(cls, tracker: "GithubTracker", reference: Iterable[RawRecord]) -> "GithubContext":
        """Context from the newest version of every reference record, in any order."""
        bare = cls(
            tracker=tracker.name,
            status_field=tracker.status_field.casefold(),
            estimate_fields=tuple(name.casefold() for name in tracker.estimate_fields),
            in_progress_labels=frozenset(label.casefold() for label in tracker.in_progress_labels),
            blocked_labels=frozenset(label.casefold() for label in tracker.blocked_labels),
            status_options={name.casefold(): category for name, category in tracker.status_options.items()},
            type_labels={label.casefold(): kind for label, kind in tracker.type_labels.items()},
            production_environments=frozenset(name.casefold() for name in tracker.production_environments),
        )
        payloads = [orjson.loads(record.payload) for record in reference if record.stream == "projects_v2"]
        projects = {str(payload["id"]): bare.meaning_of(payload) for payload in payloads}
        return cls(**{**bare.__dict__, "projects": dict(sorted(projects.items()))})

    def meaning_of(self, project: Mapping[str, Any]) -> ProjectFields:
        """Roles of a project's fields, by name and data type."""
        fields = [one for one in (project.get("fields") or {}).get("nodes") or () if one and one.get("name")]

        def first(data_type: str, names: Iterable[str]) -> Mapping[str, Any]:
            typed = [one for one in fields if one.get("dataType") == data_type]
            return next((one for name in names for one in typed if one["name"].casefold() == name), {})

        status = first("SINGLE_SELECT", [self.status_field])
        iterations = [one for one in fields if one.get("dataType") == "ITERATION"]
        iteration = first("ITERATION", SPRINT_NAMES) or next(iter(iterations), {})
        options = [option for option in status.get("options") or () if option]
        estimate = first("NUMBER", self.estimate_fields)
        return ProjectFields(
            project=str(project["id"]),
            title=str(project.get("title") or ""),
            status=status.get("id"),
            options=tuple(
                Option(str(option["id"]), str(option["name"]), self.category(str(option["name"]), place, len(options)))
                for place, option in enumerate(options)
            ),
            estimate=estimate.get("id"),
            estimate_name=estimate.get("name"),
            iteration=iteration.get("id"),
            iteration_name=iteration.get("name"),
            start_date=first("DATE", sorted(START_DATE_NAMES)).get("id"),
            due_date=first("DATE", sorted(DUE_DATE_NAMES)).get("id"),
        )

    def category(self, name: str, place: int | None = None, count: int = 0) -> str:
        """Category of a status: as configured, else by its name, else by its place (first todo, last done).

        A name without a known place that tells nothing is ``unmapped``.
        """
        key = name.strip().casefold()
        if key in self.status_options:
            return self.status_options[key]
        words = "".join(letter for letter in key if letter.isalnum() or letter in " '").strip()
        for category, names in CATEGORY_WORDS.items():
            if words in names:
                return category.value
        if place is None:
            return StatusCategory.UNMAPPED.value
        if place == count - 1 and count > 1:
            return StatusCategory.DONE.value
        return StatusCategory.TODO.value if place == 0 else StatusCategory.IN_PROGRESS.value

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all this; iterations are not part of it, so that a new one does not remap every issue."""
        meaning = {
            **{name: value for name, value in self.__dict__.items() if name not in ("projects", "fingerprint")},
            "projects": [asdict(project) for project in self.projects.values()],
            "version": MAPPING_VERSION,
        }
        text = orjson.dumps(meaning, option=orjson.OPT_SORT_KEYS, default=_sorted)
        return hashlib.sha256(text).hexdigest()

    # --- Identifiers -------------------------------------------------------------------------------------------

    def id(self, native_id: Any) -> str:
        """Canonical id of anything with a node id, which is unique within GitHub: ``github:acme-gh:I_kwDOA``."""
        return f"github:{self.tracker}:{native_id}"

    def iteration_id(self, field_id: str, iteration_id: str) -> str:
        """Canonical id of an iteration: its short id is unique within its field only."""
        return f"github:{self.tracker}:iteration:{field_id}:{iteration_id}"

    def status_id(self, name: str) -> str:
        """Canonical id of ``open``, ``in_progress`` or ``closed``."""
        return f"github:{self.tracker}:status:{name}"

    def option_id(self, field_id: str, option_id: str) -> str:
        """Canonical id of an option of a status field."""
        return f"github:{self.tracker}:status:{field_id}:{option_id}"

    def named_option(self, project: str | None, name: str) -> tuple[str, str, bool]:
        """(status id, category, known) of a status that history tells by name only.

        An option that was renamed or removed since, or one of a project we cannot see, gets an id made of its name.
        """
        fields = self.projects.get(project or "")
        for option in fields.options if fields and fields.status else ():
            if option.name == name:
                return self.option_id(str(fields.status if fields else None), option.id), option.category, True
        place = fields.status if fields and fields.status else project or "unseen"
        return self.option_id(str(place), f"name:{name}"), self.category(name), False

    def findings(self) -> Iterator[tuple[str, str]]:
        """Plain sentences on what was found in each project, for ``itpm check``."""
        for project in self.projects.values():
            status: Sequence[str] = [f"{option.name} = {option.category}" for option in project.options]
            told = [
                "status: " + (", ".join(status) if status else "no field"),
                f"points: {project.estimate_name or 'no field'}",
                f"iterations: {project.iteration_name or 'no field'}",
            ]
            yield f"project {project.title}", "; ".join(told)


def _sorted(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} cannot be hashed")
