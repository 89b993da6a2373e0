"""Changing a share of all issues at once."""

from itpm_pipeline.sandbox.clock import Clock
from itpm_pipeline.sandbox.company.model import Company
from itpm_pipeline.sandbox.company.simulation import build_company
from itpm_pipeline.sandbox.mutations.churn import change_some
from itpm_pipeline.sandbox.mutations.github import GithubEditor
from itpm_pipeline.sandbox.mutations.jira import JiraEditor


def changed(seed: int) -> tuple[Company, int, list[str]]:
    company = build_company(200)
    clock = Clock(company.now, lambda: 0.0)
    number = change_some(JiraEditor(company, clock), GithubEditor(company, clock), 0.1, seed=seed)
    issues = [*company.jira_issues.values(), *(i for one in company.repositories.values() for i in one.issues)]
    updated = [getattr(i, "key", getattr(i, "node_id", "")) for i in issues if i.updated_at > company.now]
    assert all(issue.updated_at <= clock.now() for issue in issues)
    return company, number, updated


def test_a_tenth_of_what_can_be_seen_changes_each_once():
    company, number, updated = changed(seed=1)
    assert number == len(updated)
    assert 18 <= number <= 23
    closed = {p.key for p in company.jira_projects.values() if p.archived or not p.readable}
    assert not closed & {key.partition("-")[0] for key in updated}
    assert any("-" in key for key in updated)
    assert any(key.startswith("I_") for key in updated)


def test_the_seed_chooses():
    assert changed(seed=1)[2] == changed(seed=1)[2] != changed(seed=2)[2]
