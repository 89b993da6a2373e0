"""Everything the parts of the simulation share, so that each part takes one argument."""

from dataclasses import dataclass, field
from random import Random

from itpm_pipeline.sandbox.company.agenda import Agenda
from itpm_pipeline.sandbox.company.blueprint import CompanyPlan
from itpm_pipeline.sandbox.company.crew import Crew, Work
from itpm_pipeline.sandbox.company.github_ledger import GithubLedger
from itpm_pipeline.sandbox.company.hours import WorkHours
from itpm_pipeline.sandbox.company.jira_ledger import JiraLedger
from itpm_pipeline.sandbox.company.model import Company, GithubIssue, JiraIssue
from itpm_pipeline.sandbox.company.people import Staff
from itpm_pipeline.sandbox.company.truth import Observer


@dataclass(slots=True)
class World:
    """The simulated world: the company's state and those who change it."""

    plan: CompanyPlan
    company: Company
    seed: int
    begin: int
    """Instant at which the history begins."""
    agenda: Agenda
    staff: Staff
    hours: dict[str, WorkHours]
    observer: Observer
    jira: JiraLedger
    github: GithubLedger
    crews: dict[str, Crew] = field(default_factory=dict)
    works: dict[str, Work] = field(default_factory=dict)
    """Work by issue id (Jira) or node id (GitHub); epics, sub-tasks and issues of no team are not work."""

    def stream(self, name: str) -> Random:
        """A stream of random numbers of its own, so that one part of the company does not disturb another."""
        return Random(f"{self.seed}/{name}")  # noqa: S311 - a simulation

    def reference(self, work: Work, *, seen_from: Work) -> str:
        """How people refer to an issue in a text: ``PAY-12``, ``acme/checkout#7`` or ``#7``."""
        issue = work.issue
        if isinstance(issue, JiraIssue):
            return issue.key
        other = seen_from.issue
        if isinstance(other, GithubIssue) and other.repo == issue.repo:
            return f"#{issue.number}"
        return f"{self.company.organization}/{issue.repo}#{issue.number}"

    def address(self, issue: GithubIssue) -> str:
        """The page of a GitHub issue."""
        return f"https://github.com/{self.company.organization}/{issue.repo}/issues/{issue.number}"


def work_id(work: Work) -> str:
    """Key of the issue in the truth."""
    return work.issue.id if isinstance(work.issue, JiraIssue) else work.issue.node_id
