"""People delete, hide, move, rename and transfer things in both trackers; the next nightly run sees what became of it.

One company for all tests, because simulating, serving and syncing it takes longer than looking at the outcome.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from warehouse_rows import core_rows, rows_of

from itpm_pipeline.config import Settings, load_settings
from itpm_pipeline.extract.source import Depth
from itpm_pipeline.ingest.outcomes import SyncReport
from itpm_pipeline.ingest.rebuild import rebuild
from itpm_pipeline.ingest.sync import sync
from itpm_pipeline.sandbox.company.model import Company, GithubIssue, JiraIssue
from itpm_pipeline.sandbox.company.program_yaml import write_program
from itpm_pipeline.sandbox.company.simulation import build_company
from itpm_pipeline.sandbox.serve import GITHUB_TOKEN, JIRA_EMAIL, JIRA_TOKEN, Running, serve

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("census")]

SECRETS = {
    "ITPM_DEMO_JIRA_EMAIL": JIRA_EMAIL, "ITPM_DEMO_JIRA_TOKEN": JIRA_TOKEN, "ITPM_DEMO_GITHUB_TOKEN": GITHUB_TOKEN,
}


@dataclass
class Night:
    """A company that was synced, changed, and synced to the depth of a nightly run. ``of``: what was changed."""

    company: Company
    running: Running
    settings: Settings
    report: SyncReport
    of: dict[str, Any] = field(default_factory=dict)

    def rows(self, sql: str) -> list[tuple]:
        return rows_of(self.settings, sql)

    def fate(self, issue: JiraIssue | GithubIssue | str) -> tuple[str | None, str | None]:
        """Reason and successor; (None, None): it is there."""
        native = issue if isinstance(issue, str) else getattr(issue, "node_id", None) or issue.id
        ((is_deleted, reason, successor),) = self.rows(
            "select is_deleted, deleted_reason, split_part(successor_issue_id, ':', 3) from core.issue "
            f"where split_part(issue_id, ':', 3) = '{native}'"
        )
        assert is_deleted == (reason is not None)
        return reason, successor

    def census(self, where: str) -> dict[str, int]:
        (found,) = [one for one in self.report.outcomes if one.stream == "absences" and one.where == where]
        return dict(found.details)


def jira_issues(company: Company, project: str) -> list[JiraIssue]:
    """Issues without parent or children, oldest first."""
    (found,) = [one for one in company.jira_projects.values() if one.key == project]
    parents = {issue.parent_id for issue in company.jira_issues.values()}
    return [
        issue for issue in company.jira_issues.values()
        if issue.project_id == found.id and not issue.deleted_at and not issue.parent_id and issue.id not in parents
    ]


def github_issues(company: Company, repository: str) -> list[GithubIssue]:
    return [issue for issue in company.repositories[repository].issues if not issue.deleted_at]


def happen(company: Company, running: Running) -> dict[str, Any]:
    """Everything at once: each project has a fate of its own."""
    jira, github = running.jira_editor, running.github_editor
    pay, web, data = (jira_issues(company, key) for key in ("PAY", "WEB", "DATA"))
    logged = jira.log_work(pay[1].id, 600)
    checkout, mobile = (github_issues(company, name) for name in ("checkout", "mobile-app"))
    items = {item.issue for board in company.github_projects for item in board.items}
    on_board = next(issue for issue in reversed(mobile) if issue.node_id in items)
    closed = sorted(sprint.id for sprint in company.sprints.values() if sprint.state == "closed")
    boards = {board.id for board in company.boards.values() if board.type == "scrum"}
    other_board = min(boards - {company.sprints[closed[0]].board_id})
    return {
        "deleted": jira.delete(pay[0].id),
        "hidden": jira.hide_issue(web[0].id),
        "moved_key": data[0].key,
        "moved": jira.move(data[0].id, "IDM"),
        "logged": jira.delete_worklog(logged.id),
        "sprint": jira.delete_sprint(closed[-1]),
        "moved_sprint": jira.move_sprint(closed[0], other_board),
        "renamed": jira.rename_project("OPS", "RUN"),
        "hidden_project": jira.hide_project("SHOP"),
        "archived": jira.archive_project("INF"),
        "gh_deleted": github.delete(checkout[0].node_id),
        "gh_old": mobile[0],
        "gh_new": github.transfer(mobile[0].node_id, "data-pipelines"),
        "gh_off_board": github.remove_from_project(on_board.node_id),
        "gh_renamed": github.rename("payments-gateway", "payments"),
        "gh_hidden": github.hide("old-monolith"),
    }


def sync_to(settings: Settings, depth: Depth) -> SyncReport:
    report = sync(settings, depth=depth)
    assert report.failed == []
    return report


@pytest.fixture(scope="module")
def night(tmp_path_factory) -> Iterator[Night]:
    """The night after it happened."""
    company = build_company(200)
    with serve(company, github_hourly_points=None) as running:
        folder = tmp_path_factory.mktemp("census")
        settings = load_settings(write_program(company, folder, running.jira_url, running.github_url), SECRETS)
        sync_to(settings, Depth.CHANGES)
        of = happen(company, running)
        yield Night(company, running, settings, sync_to(settings, Depth.RECONCILE), of)


def test_deleted_issues_are_marked(night):
    assert night.fate(night.of["deleted"]) == ("deleted", None)
    assert night.fate(night.of["gh_deleted"]) == ("deleted", None)
    assert night.census("acme-jira:PAY") == {"known": 35, "visible": 34, "deleted": 1}
    assert night.census("acme-gh:acme/checkout") == {"known": 7, "visible": 6, "deleted": 1}


def test_jira_tells_a_hidden_issue_like_a_deleted_one(night):
    assert night.fate(night.of["hidden"]) == ("deleted", None)


def test_a_moved_issue_is_where_it_went(night):
    moved = night.of["moved"]
    assert night.fate(moved) == (None, None)
    assert night.rows(f"select issue_key from core.issue where issue_id = 'jira:acme-jira:{moved.id}'") == [
        (moved.key,)
    ]
    keys = f"select issue_key, is_current from core.issue_key_alias where issue_id = 'jira:acme-jira:{moved.id}'"
    assert sorted(night.rows(keys)) == sorted([(moved.key, True), (night.of["moved_key"], False)])


def test_a_transferred_issue_has_a_successor(night):
    old, new = night.of["gh_old"], night.of["gh_new"]
    assert night.fate(old) == ("transferred", new.node_id)
    assert night.fate(new) == (None, None)
    assert night.census("acme-gh:acme/mobile-app")["transferred"] == 1


@pytest.mark.parametrize(
    ("project", "reason"),
    [("SHOP", "not readable: %"), ("INF", "archived"), ("acme/old-monolith", "not visible any more"),
     ("LEG", "archived"), ("SEC", "not readable: %"), ("acme/infra-live", "issues are disabled %")],
)  # fmt: skip
def test_projects_that_cannot_be_read_say_why_and_keep_their_issues(night, project, reason):
    said = f"select not is_readable and skip_reason like '{reason}' from core.project where project_key = '{project}'"
    assert night.rows(said) == [(True,)]
    fates = night.rows(
        "select distinct coalesce(issue.deleted_reason, 'there') from core.issue as issue "
        f"inner join core.project as project using (project_id) where project.project_key = '{project}'"
    )
    assert fates in ([], [("permission_lost",)])


def test_renamed_projects_are_known_by_both_names(night):
    for name, number in (("RUN", 9), ("acme/payments", 10)):
        assert night.rows(f"select count(*) from core.issue where issue_key like '{name}%' and not is_deleted") == [
            (number,)
        ]
    aliases = "select project_key from core.project_key_alias where project_id like '%{}' order by 1"
    assert night.rows(aliases.format(night.of["renamed"].id)) == [("OPS",), ("RUN",)]
    assert night.rows(aliases.format(night.of["gh_renamed"].node_id)) == [
        ("acme/payments",), ("acme/payments-gateway",)
    ]
    gone = "select count(*) from core.issue where issue_key like 'OPS-%' or issue_key like 'acme/payments-gateway#%'"
    assert night.rows(gone) == [(0,)]


def test_sprints_that_are_gone_are_marked_and_those_that_moved_are_not(night):
    assert night.rows("select sprint_id from core.sprint where is_deleted") == [
        (f"jira:acme-jira:sprint:{night.of['sprint'].id}",)
    ]
    moved = night.of["moved_sprint"]
    assert night.rows(f"select board_id from core.sprint where sprint_id = 'jira:acme-jira:sprint:{moved.id}'") == [
        (f"jira:acme-jira:board:{moved.board_id}",)
    ]


def test_a_deleted_work_log_entry_is_gone(night):
    assert night.rows(
        f"select count(*) from core.worklog where issue_id = 'jira:acme-jira:{night.of['logged'].id}'"
    ) == [(len(night.of["logged"].worklogs),)]


def test_an_issue_taken_off_its_board_has_none_of_its_values_left(night):
    issue = night.of["gh_off_board"].node_id
    left = night.rows(f"""
        select field, (list(value order by observed_at desc))[1] from core.field_observation
        where entity_id = 'github:acme-gh:{issue}' group by field
    """)
    assert dict(left).keys() >= {"status", "sprint"}
    assert set(dict(left).values()) == {None}
    assert night.fate(issue) == (None, None)


def test_what_comes_back_is_there_again_and_nothing_happens_twice(night):
    jira, github, of = night.running.jira_editor, night.running.github_editor, night.of
    jira.hide_issue(of["hidden"].id, is_hidden=False)
    jira.hide_project("SHOP", is_hidden=False)
    jira.archive_project("INF", is_archived=False)
    github.hide("old-monolith", is_hidden=False)
    sync_to(night.settings, Depth.RECONCILE)
    assert sorted(night.rows("select deleted_reason, count(*) from core.issue where is_deleted group by 1")) == [
        ("deleted", 2), ("transferred", 1)
    ]
    unreadable = "select project_key from core.project where not is_readable order by 1"
    assert night.rows(unreadable) == [("LEG",), ("SEC",), ("acme/infra-live",)]

    expected = core_rows(night.settings)
    report = sync_to(night.settings, Depth.RECONCILE)
    assert (report.totals["landed"], core_rows(night.settings)) == (0, expected)
    rebuild(night.settings)
    assert core_rows(night.settings) == expected


STAMPS = ("synced_at", "_raw_hash", "observed_at", "blocker_ref", "blocked_ref", "from_text", "to_text")
"""What tells when a version was read; words for other issues are those of then, beside the ids, which last."""


def test_who_comes_later_sees_the_same_issues(night, tmp_path):
    """All that is not marked as gone equals what a first sync finds now."""
    late = load_settings(
        write_program(night.company, tmp_path, night.running.jira_url, night.running.github_url), SECRETS
    )
    sync_to(late, Depth.CHANGES)
    sync_to(night.settings, Depth.RECONCILE)
    gone = {issue_id for (issue_id,) in night.rows("select issue_id from core.issue where is_deleted")}
    gone.add(f"jira:acme-jira:sprint:{night.of['sprint'].id}")
    ours, theirs = (core_rows(settings, without=STAMPS) for settings in (night.settings, late))
    for name in ("issue", "issue_key_alias", "issue_sprint", "issue_link", "issue_field_event", "worklog", "sprint"):
        there, found = ([row for row in rows[name] if not gone & set(row)] for rows in (ours, theirs))
        assert there == found, name
