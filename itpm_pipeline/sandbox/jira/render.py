"""An issue as Jira's REST API shows it."""

from typing import Any

import orjson

from itpm_pipeline.sandbox.company import fields
from itpm_pipeline.sandbox.company.model import HistoryEntry, HistoryItem, JiraIssue, Worklog
from itpm_pipeline.sandbox.jira import adf
from itpm_pipeline.sandbox.jira.entities import Entities, Json
from itpm_pipeline.sandbox.jira.instants import duration, local, millis
from itpm_pipeline.sandbox.jira.selection import Selection
from itpm_pipeline.sandbox.jira.site import Site

EMBEDDED_HISTORIES = 100
"""``expand=changelog`` shows this many, the most recent ones, and the true total."""
EMBEDDED_WORKLOGS = 20
"""The ``worklog`` field shows this many, the oldest ones, and the true total."""

EXPAND = "operations,versionedRepresentations,editmeta,changelog,renderedFields"
_CACHE_LIMIT = 30_000


class Renderer:
    """Renders issues for one API version, keeping what it rendered until the company changes."""

    def __init__(self, site: Site, version: str) -> None:
        self._site = site
        self._version = version
        self._generation = -1
        self._rendered: dict[tuple[str, Selection], orjson.Fragment] = {}
        self._entities = Entities(site, version)

    @property
    def entities(self) -> Entities:
        """What issues refer to, as of the site's present generation."""
        if self._generation != self._site.generation:
            self._generation = self._site.generation
            self._rendered.clear()
            self._entities = Entities(self._site, self._version)
        return self._entities

    def issue(self, issue: JiraIssue, selection: Selection) -> orjson.Fragment:
        """The issue as JSON, ready to be put into an answer."""
        entities = self.entities
        key = (issue.id, selection)
        found = self._rendered.get(key)
        if found is None:
            found = orjson.Fragment(orjson.dumps(self._issue(issue, selection, entities)))
            if len(self._rendered) >= _CACHE_LIMIT:
                self._rendered.clear()
            self._rendered[key] = found
        return found

    def _issue(self, issue: JiraIssue, selection: Selection, entities: Entities) -> Json:
        if selection.is_id_only:
            return {"id": issue.id}
        shown: Json = {
            "expand": EXPAND,
            "id": issue.id,
            "self": f"{entities.api}/issue/{issue.id}",
            "key": issue.key,
        }
        if selection.changelog:
            shown["changelog"] = self.embedded_changelog(issue)
        if not selection.is_light:
            values = self._fields(issue, entities)
            shown["fields"] = selection.of_fields(values)
        return shown

    # --- History and work --------------------------------------------------------------------------------------

    def histories(self, issue: JiraIssue) -> list[HistoryEntry]:
        """The whole history, oldest first."""
        return sorted(issue.history, key=lambda entry: (entry.at, int(entry.id)))

    def embedded_changelog(self, issue: JiraIssue) -> Json:
        """What ``expand=changelog`` shows: the most recent entries, newest first, and how many there really are."""
        recent = self.histories(issue)[-EMBEDDED_HISTORIES:][::-1]
        return {
            "startAt": 0,
            "maxResults": len(recent),
            "total": len(issue.history),
            "histories": [self.history(entry) for entry in recent],
        }

    def history(self, entry: HistoryEntry, *, epoch: bool = False) -> Json:
        """One entry of a changelog; ``epoch`` writes its date as milliseconds since the epoch."""
        return {
            "id": entry.id,
            "author": self.entities.people[entry.author],
            "created": millis(entry.at) if epoch else local(entry.at, self._site.zone),
            "items": [_history_item(item) for item in entry.items],
        }

    def worklog(self, issue: JiraIssue, worklog: Worklog) -> Json:
        """One worklog; the model knows no creation date, so it is created when it was last updated."""
        author = self.entities.people[worklog.author]
        updated = local(worklog.updated_at, self._site.zone)
        shown: Json = {
            "self": f"{self.entities.api}/issue/{issue.id}/worklog/{worklog.id}",
            "author": author,
            "updateAuthor": author,
            "created": updated,
            "updated": updated,
            "started": local(worklog.started_at, self._site.zone),
            "timeSpent": duration(worklog.seconds),
            "timeSpentSeconds": worklog.seconds,
            "id": worklog.id,
            "issueId": issue.id,
        }
        if worklog.comment:
            shown["comment"] = self.text(worklog.comment)
        return shown

    def text(self, text: str) -> Any:
        """Rich text: an ADF document in version 3, the text itself in version 2, null when empty."""
        return (text or None) if self._version == "2" else adf.document(text)

    # --- Fields ------------------------------------------------------------------------------------------------

    def _fields(self, issue: JiraIssue, entities: Entities) -> Json:
        """All fields, in no particular order, as in Jira."""
        company, zone = self._site.company, self._site.zone
        project = company.jira_projects[issue.project_id]
        spent = sum(worklog.seconds for worklog in issue.worklogs) or None
        status = entities.statuses[issue.status_id]
        subtasks = [c for c in self._site.children.get(issue.id, ()) if entities.issue_type(c)["subtask"]]
        return {
            "summary": issue.summary,
            "issuetype": entities.issue_type(issue),
            "project": entities.project_reference(project),
            "status": status,
            "statusCategory": status["statusCategory"],
            "statuscategorychangedate": local(self._status_since(issue), zone),
            "resolution": entities.resolutions[issue.resolution] if issue.resolution else None,
            "resolutiondate": local(issue.resolved_at, zone) if issue.resolved_at else None,
            "created": local(issue.created_at, zone),
            "updated": local(issue.updated_at, zone),
            "lastViewed": None,
            "duedate": issue.due_date.isoformat() if issue.due_date else None,
            "priority": entities.priorities[issue.priority],
            "labels": issue.labels,
            "assignee": entities.people[issue.assignee] if issue.assignee else None,
            "reporter": entities.people[issue.reporter],
            "creator": entities.people[issue.reporter],
            "description": self.text(issue.description),
            "environment": None,
            "fixVersions": [entities.versions[version_id] for version_id in issue.fix_version_ids],
            "versions": [],
            "components": [entities.components[issue.project_id, name] for name in issue.components],
            "issuelinks": self._links(issue, entities),
            "subtasks": [self.reference(child) for child in subtasks],
            "security": None,
            "attachment": [],
            "issuerestriction": {"issuerestrictions": {}, "shouldDisplay": project.team_managed},
            "watches": {
                "self": f"{entities.api}/issue/{issue.key}/watchers",
                "watchCount": 1,
                "isWatching": False,
            },
            "votes": {"self": f"{entities.api}/issue/{issue.key}/votes", "votes": 0, "hasVoted": False},
            "comment": {
                "comments": [],
                "self": f"{entities.api}/issue/{issue.id}/comment",
                "maxResults": 0,
                "total": issue.comment_count,
                "startAt": 0,
            },
            "worklog": {
                "startAt": 0,
                "maxResults": EMBEDDED_WORKLOGS,
                "total": len(issue.worklogs),
                "worklogs": [self.worklog(issue, worklog) for worklog in oldest_first(issue)[:EMBEDDED_WORKLOGS]],
            },
            **_time_fields(issue, spent),
            **self._parent(issue),
            **self._custom_fields(issue, entities),
        }

    def _status_since(self, issue: JiraIssue) -> Any:
        changes = (entry.at for entry in issue.history if any(item.field_id == "status" for item in entry.items))
        return max(changes, default=issue.created_at)

    def _parent(self, issue: JiraIssue) -> Json:
        """The ``parent`` field, which Jira leaves out of issues without one."""
        parent = self._site.find_issue(issue.parent_id) if issue.parent_id else None
        return {"parent": self.reference(parent)} if parent else {}

    def reference(self, issue: JiraIssue) -> Json:
        """An issue as another one shows it: as parent, sub-task or linked issue."""
        entities = self.entities
        return {
            "id": issue.id,
            "key": issue.key,
            "self": f"{entities.api}/issue/{issue.id}",
            "fields": {
                "summary": issue.summary,
                "status": entities.statuses[issue.status_id],
                "priority": entities.priorities[issue.priority],
                "issuetype": entities.issue_type(issue),
            },
        }

    def _links(self, issue: JiraIssue, entities: Entities) -> list[Json]:
        shown = []
        for link in self._site.links.get(issue.id, ()):
            outward = link.source_id == issue.id
            other = self._site.issue(link.target_id if outward else link.source_id)
            shown.append(
                {
                    "id": link.id,
                    "self": f"{entities.api}/issueLink/{link.id}",
                    "type": entities.link_types[link.type],
                    "outwardIssue" if outward else "inwardIssue": self.reference(other),
                }
            )
        return shown

    def _custom_fields(self, issue: JiraIssue, entities: Entities) -> Json:
        team_managed = self._site.company.jira_projects[issue.project_id].team_managed
        sprints = [entities.sprint_values[sprint_id] for sprint_id in issue.sprint_ids]
        flag_id = fields.FLAG_OPTION_ID
        flag = {"self": f"{entities.api}/customFieldOption/{flag_id}", "value": "Impediment", "id": flag_id}
        parent = self._site.find_issue(issue.parent_id) if issue.parent_id else None
        epic_key = parent.key if parent and parent.type in fields.EPIC_TYPES and not team_managed else None
        return {
            fields.SPRINT.id: sprints or None,
            fields.STORY_POINTS.id: None if team_managed else issue.points,
            fields.STORY_POINT_ESTIMATE.id: issue.points if team_managed else None,
            fields.EPIC_LINK.id: epic_key,
            fields.FLAGGED.id: [flag] if issue.is_flagged else None,
            fields.START_DATE.id: issue.start_date.isoformat() if issue.start_date else None,
            fields.RANK.id: f"0|i{int(issue.id):05d}:",
        }


def oldest_first(issue: JiraIssue) -> list[Worklog]:
    """The worklogs of an issue in the order in which Jira lists them."""
    return sorted(issue.worklogs, key=lambda worklog: (worklog.started_at, int(worklog.id)))


def _history_item(item: HistoryItem) -> Json:
    """One changed field.

    Items of some kinds (Link, Key, …) have no ``fieldId``; people carry a second, undocumented pair of account ids.
    """
    shown: Json = {"field": item.field, "fieldtype": item.field_type}
    if item.field_id is not None:
        shown["fieldId"] = item.field_id
    shown |= {
        "from": item.from_id,
        "fromString": item.from_string,
        "to": item.to_id,
        "toString": item.to_string,
    }
    if item.field_id in ("assignee", "reporter"):
        shown |= {"tmpFromAccountId": item.from_id, "tmpToAccountId": item.to_id}
    return shown


def _time_fields(issue: JiraIssue, spent: int | None) -> Json:
    """Time tracking in all the places where Jira repeats it; seconds."""
    original, remaining = issue.original_seconds, issue.remaining_seconds
    tracking: Json = {}
    for name, seconds in (("originalEstimate", original), ("remainingEstimate", remaining), ("timeSpent", spent)):
        if seconds is not None:
            tracking |= {name: duration(seconds), f"{name}Seconds": seconds}
    total = (spent or 0) + (remaining or 0)
    progress: Json = {"progress": spent or 0, "total": total}
    if total:
        progress["percent"] = 100 * (spent or 0) // total
    return {
        "timeoriginalestimate": original,
        "timeestimate": remaining,
        "timespent": spent,
        "aggregatetimeoriginalestimate": original,
        "aggregatetimeestimate": remaining,
        "aggregatetimespent": spent,
        "timetracking": tracking,
        "workratio": 100 * (spent or 0) // original if original else -1,
        "progress": progress,
        "aggregateprogress": progress,
    }
