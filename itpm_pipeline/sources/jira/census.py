"""Who is there, and what became of those that are not: issues, projects, sprints and releases asked for by id."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from itpm_pipeline.canonical.vocabulary import AbsenceReason, EntityKind
from itpm_pipeline.errors import RefusedError
from itpm_pipeline.extract.client import Traffic
from itpm_pipeline.extract.json_text import Told
from itpm_pipeline.extract.records import ProjectRef
from itpm_pipeline.extract.source import Whereabouts
from itpm_pipeline.sources.jira import answers
from itpm_pipeline.sources.jira.issues import project_jql, search_pages
from itpm_pipeline.sources.jira.paging import entries_of
from itpm_pipeline.sources.jira.session import AGILE, JiraSession
from itpm_pipeline.sources.jira.settings import FETCHED_AT_ONCE
from itpm_pipeline.sources.jira.site import list_projects

_GONE = 404
_BROWSE = "BROWSE_PROJECTS"


def issue_ids(session: JiraSession, key: str, traffic: Traffic) -> Iterator[str]:
    """Native ids of all issues a search shows us in a project. RefusedError: the project cannot be read."""
    doing = f"counting the issues of {key}"
    for page in search_pages(session, project_jql(key), ["id"], traffic, doing=doing):
        yield from (str(issue["id"]) for issue in page)


def find_issues(
    session: JiraSession, project: ProjectRef, native_ids: Collection[str], traffic: Traffic
) -> list[Whereabouts]:
    """What became of issues that a search in ``project`` does not show any more.

    Jira does not tell a deleted issue from one that a security level hides; it does tell whether we may still browse
    the project.
    """
    found: list[Whereabouts] = []
    missing: list[str] = []
    doing = f"looking for issues that vanished from {project.key}"
    wanted = list(native_ids)
    for start in range(0, len(wanted), FETCHED_AT_ONCE):
        part = wanted[start : start + FETCHED_AT_ONCE]
        there = {str(issue["id"]): issue for issue in fetch_issues(session, part, ["project"], traffic, doing=doing)}
        missing += [native_id for native_id in part if native_id not in there]
        found += [
            Whereabouts(native_id, project=str(issue["fields"]["project"]["id"])) for native_id, issue in there.items()
        ]
    if missing:
        may_browse = _may_browse(session, project, traffic)
        reason = AbsenceReason.DELETED if may_browse else AbsenceReason.PERMISSION_LOST
        found += [Whereabouts(native_id, reason=reason) for native_id in missing]
    return found


def fetch_issues(
    session: JiraSession,
    native_ids: Sequence[str],
    fields: Sequence[str],
    traffic: Traffic,
    *,
    doing: str,
    with_history: bool = False,
) -> list[Told]:
    """At most a hundred issues by id; those that are not there, or hidden from us, are left out.

    Cloud names those it had trouble with in ``issueErrors``; they, and all of Data Center, are asked for one by one.
    """
    issues: list[Told] = []
    single = list(native_ids)
    if session.server(traffic).is_cloud:
        body = {"issueIdsOrKeys": list(native_ids), "fields": list(fields)}
        answer = session.post(doing, "api/3/issue/bulkfetch", traffic, body, decode=answers.issues)
        issues = entries_of(answer, "issues", doing)
        single = [str(error.get("id")) for error in answer.get("issueErrors") or () if isinstance(error, Mapping)]
    wanted = set(native_ids)
    parameters = {"fields": ",".join(fields)} | ({"expand": "changelog"} if with_history else {})
    for native_id in single:
        # Errors may name keys, or what we did not ask for.
        if native_id not in wanted:
            continue
        try:
            path = session.platform(f"issue/{native_id}", traffic)
            issues.append(session.get(doing, path, traffic, parameters, decode=answers.issue))
        except RefusedError as error:
            if error.status not in (403, _GONE):
                raise
    # An issue is found by a key it had, too: only what has the id that was asked for is that issue.
    return [issue for issue in issues if str(issue["id"]) in wanted]


def existing(session: JiraSession, kind: EntityKind, native_ids: Collection[str], traffic: Traffic) -> set[str]:
    """Which of some projects, sprints or releases are there. What Jira refuses to tell counts as existing."""
    if kind is EntityKind.PROJECT:
        return {str(project["id"]) for project in list_projects(session, traffic)} & set(native_ids)
    if kind is EntityKind.SPRINT:
        return {one for one in native_ids if _exists(session, f"{AGILE}/sprint/{one}", traffic)}
    if kind is EntityKind.VERSION:
        return {one for one in native_ids if _exists(session, session.platform(f"version/{one}", traffic), traffic)}
    return set(native_ids)


def _exists(session: JiraSession, path: str, traffic: Traffic) -> bool:
    try:
        session.get(f"looking for {path}", path, traffic)
    except RefusedError as error:
        if error.status == _GONE:
            return False
        if error.status not in (401, 403):
            raise
    return True


def _may_browse(session: JiraSession, project: ProjectRef, traffic: Traffic) -> bool:
    parameters = {"projectId": project.native_id, "permissions": _BROWSE}
    doing = f"asking what we may do in {project.key}"
    try:
        answer = session.get(doing, session.platform("mypermissions", traffic), traffic, parameters)
    except RefusedError as error:
        if error.status not in (401, 403, _GONE):
            raise
        return False
    permissions = answer.get("permissions") if isinstance(answer, dict) else None
    permission = permissions.get(_BROWSE) if isinstance(permissions, dict) else None
    return bool(isinstance(permission, dict) and permission.get("havePermission"))
