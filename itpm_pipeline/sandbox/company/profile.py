"""One page about the company, for a person who wants to judge whether it is plausible."""

from collections import Counter
from collections.abc import Iterable, Iterator

from itpm_pipeline.sandbox.company.model import Company, GithubIssue, JiraIssue, SprintTruth, Team

_DAY = 86_400


def profile(company: Company) -> str:
    """The page as text."""
    return "\n".join([*_totals(company), "", *_programs(company), "", *_teams(company)])


def _visible_jira(company: Company) -> list[JiraIssue]:
    return [issue for issue in company.jira_issues.values() if issue.deleted_at is None]


def _visible_github(company: Company) -> list[GithubIssue]:
    return [issue for repo in company.repositories.values() for issue in repo.issues if issue.deleted_at is None]


def _totals(company: Company) -> Iterator[str]:
    jira, github = _visible_jira(company), _visible_github(company)
    still_open = sum(issue.resolution is None for issue in jira) + sum(issue.state == "OPEN" for issue in github)
    total = len(jira) + len(github)
    today = company.now.date()
    due = [issue for issue in jira if issue.due_date and issue.resolution is None]
    overdue = sum(issue.due_date < today for issue in due if issue.due_date)
    yield f"{company.name} on {company.now:%Y-%m-%d %H:%M} UTC"
    yield (f"{total} issues ({len(jira)} Jira, {len(github)} GitHub), {still_open / total:.0%} open, "
           f"{overdue} of {len(due)} with a due date overdue")
    yield "types: " + _counts(Counter(issue.type for issue in jira)) + "; GitHub: " + _counts(
        Counter(issue.issue_type or "none" for issue in github))
    reasons = Counter(issue.state_reason or "" for issue in github if issue.state == "CLOSED")
    resolutions = Counter(issue.resolution for issue in jira if issue.resolution)
    yield f"closed: {_counts(resolutions)}; GitHub: {_counts(reasons)}"
    entries, events = [len(issue.history) for issue in jira], [len(issue.timeline) for issue in github]
    yield (f"{sum(entries)} history entries (longest {max(entries)}), {sum(events)} timeline events "
           f"(longest {max(events)}), {sum(len(issue.worklogs) for issue in jira)} worklogs")
    repos = company.repositories.values()
    pulls = [pull for repo in repos for pull in repo.pull_requests]
    deployments = [each for repo in repos for each in repo.deployments if each.environment == "production"]
    failed = sum(each.state == "FAILURE" for each in deployments)
    yield (f"{len(pulls)} pull requests, {sum(pull.merged_at is not None for pull in pulls)} merged; "
           f"{len(deployments)} production deployments, {failed} failed; "
           f"{sum(len(repo.releases) for repo in repos)} releases")
    people = company.people.values()
    gone = sum(not person.is_active for person in people)
    yield (f"{sum(not person.is_bot for person in people)} people ({gone} left), {len(company.boards)} boards, "
           f"{len(company.sprints)} sprints, "
           f"{len(company.truth.hard_edges)} hard and {len(company.truth.text_edges)} written dependencies, "
           f"{sum(company.truth.reopen_count.values())} re-opens")


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counter.most_common())


def _programs(company: Company) -> Iterator[str]:
    for program in company.programs:
        keys = {key for _, key in program.projects}
        jira = [issue for issue in _visible_jira(company) if company.jira_projects[issue.project_id].key in keys]
        github = [issue for issue in _visible_github(company) if f"{company.organization}/{issue.repo}" in keys]
        left = sum(issue.resolution is None for issue in jira) + sum(issue.state == "OPEN" for issue in github)
        yield (f"{program.name} ({program.key}, {program.timezone}): target {program.target_date}, "
               f"{len(jira) + len(github)} issues, {left} open")


def _teams(company: Company) -> Iterator[str]:
    durations = _cycle_days(company)
    for team in company.teams:
        sprints = [truth for truth in company.truth.sprints if _belongs(company, team, truth)]
        cycles = sorted(days for issue, days in durations.items() if issue in _issues_of(company, team))
        cycle = f"cycle days P50 {_rank(cycles, 0.5):.1f}, P85 {_rank(cycles, 0.85):.1f}" if cycles else "no cycle time"
        yield f"{team.name}: {len(team.members)} people, {len(cycles)} done, {cycle}"
        if sprints:
            done = [_points(sprint.completed.values()) for sprint in sprints]
            said = _points(points for sprint in sprints for points in sprint.committed.values())
            yield (f"  {len(sprints)} sprints, say/do {sum(done) / said:.0%}, per sprint "
                   f"{_mean(len(s.committed) for s in sprints):.1f} committed, "
                   f"{_mean(len(s.added) for s in sprints):.1f} added, "
                   f"{_mean(len(s.removed) for s in sprints):.1f} removed, "
                   f"{_mean(len(s.not_completed) for s in sprints):.1f} carried over")
            yield "  velocity " + " ".join(f"{points:g}" for points in done)


def _belongs(company: Company, team: Team, truth: SprintTruth) -> bool:
    tracker, key = truth.sprint.split(":", 1)
    if tracker == "jira":
        return company.sprints[int(key)].board_id in team.board_ids
    return team.github_project is not None and key.startswith(f"{team.github_project}:")


def _issues_of(company: Company, team: Team) -> set[str]:
    projects = {id_ for number in team.board_ids for id_ in company.boards[number].project_ids}
    jira = {issue.id for issue in _visible_jira(company) if issue.project_id in projects
            and issue.type not in {"Epic", "Sub-task", "Subtask"}}
    return jira | {item.issue for project in company.github_projects if project.number == team.github_project
                   for item in project.items}


def _cycle_days(company: Company) -> dict[str, float]:
    started = company.truth.started_at
    return {issue: (at - started[issue]).total_seconds() / _DAY for issue, at in company.truth.finished_at.items()}


def _points(values: Iterable[float | None]) -> float:
    return sum(value or 0 for value in values)


def _mean(values: Iterable[int]) -> float:
    numbers = list(values)
    return sum(numbers) / len(numbers)


def _rank(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
