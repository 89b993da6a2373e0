"""What all resolvers of one request share."""

from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from typing import Any

from itpm_pipeline.sandbox.company.model import GithubIssue, PullRequest, Repository
from itpm_pipeline.sandbox.github.directory import Directory
from itpm_pipeline.sandbox.github.limits import Estimate, Standing


@dataclass(slots=True)
class World:
    """The company at one instant, and what the request costs."""

    directory: Directory
    now: datetime
    estimate: Estimate
    standing: Standing
    """Of the hourly budget, after this request."""

    @property
    def today(self) -> date:
        """The date in UTC, by which iterations end."""
        return self.now.date()

    def path(self, thing: Any) -> str:
        """The path of a repository, an issue or a pull request at the web address."""
        owner = f"/{self.directory.company.organization}"
        match thing:
            case Repository():
                return f"{owner}/{thing.name}"
            case GithubIssue():
                return f"{owner}/{thing.repo}/issues/{thing.number}"
            case PullRequest():
                return f"{owner}/{thing.repo}/pull/{thing.number}"
        raise TypeError(f"{type(thing).__name__} has no page of its own")

    def url(self, path: str) -> str:
        """The address of a path at the web address."""
        return self.directory.web_url + path


def as_html(text: str) -> str:
    """A text as GitHub renders it, without any markup of its own."""
    return "".join(f'<p dir="auto">{escape(part)}</p>' for part in text.split("\n\n") if part.strip())
