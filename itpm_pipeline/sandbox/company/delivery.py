"""From code to production: pull requests, deployments and releases."""

from collections.abc import Callable
from random import Random

from itpm_pipeline.sandbox.company.crew import Work
from itpm_pipeline.sandbox.company.hours import DAY, HOUR, MINUTE, SECOND, moment_of
from itpm_pipeline.sandbox.company.identifiers import commit_oid, node_id
from itpm_pipeline.sandbox.company.model import Deployment, GithubIssue, JiraIssue, PullRequest, Release, Repository
from itpm_pipeline.sandbox.company.people import DEPENDABOT
from itpm_pipeline.sandbox.company.texts import slug
from itpm_pipeline.sandbox.company.world import World

_PACKAGES = ("lodash", "urllib3", "jackson-databind", "openssl", "react", "boto3", "terraform-aws", "log4j")
_PRODUCTION_FAILS, _STAGING_FAILS = 0.08, 0.05
_RELEASE_DAYS = 28


def _nobody_cares(_at: int, _repo: str, _commit: str) -> None:
    return


class Delivery:
    """Pull requests and what is shipped of them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._random: Random = world.stream("delivery")
        self._unshipped: dict[str, str] = {}
        """Last merged commit by repository that is not yet in production."""
        self._last_merge: dict[str, str] = {}
        self._releases: dict[str, int] = {}
        self.when_production_fails: Callable[[int, str, str], None] = _nobody_cares
        """Told of a failed deployment: instant, repository, commit."""

    def begin(self) -> None:
        """Plan the recurring events of every repository that is alive."""
        world = self._world
        for plan in world.plan.repositories:
            if plan.archived or not plan.deploys:
                continue
            repo = world.company.repositories[plan.name]
            start = world.begin + self._random.randrange(DAY, 7 * DAY)
            world.agenda.plan(start, self._update_dependency, repo)
            world.agenda.plan(start, self._ship, repo)
            world.agenda.plan(start + _RELEASE_DAYS * DAY, self._release, repo)

    # --- Pull requests

    def open_pull(self, work: Work, at: int, person: str, repo_name: str) -> None:
        """The worker opens a pull request for an issue; GitHub issues are closed by it."""
        if work.pull is not None and work.pull.closed_at is None:
            return
        repo = self._world.company.repositories[repo_name]
        issue = work.issue
        if isinstance(issue, JiraIssue):
            title, body = f"{issue.key}: {issue.summary}"[:255], f"Implements {issue.key}."
            branch, closes = f"feature/{issue.key}-{slug(issue.summary)}", []
        else:
            title, body = issue.title, f"Closes {self._reference(issue, repo)}"
            branch, closes = f"{issue.number}-{slug(issue.title)}", [issue.node_id]
        commit = at - self._random.randrange(HOUR, 20 * HOUR)
        work.pull = self._pull(repo, at, person, title, branch, body)
        work.pull.first_commit_at = moment_of(_second(max(commit, self._world.begin)))
        work.pull.closes = closes
        if isinstance(issue, GithubIssue):
            self._world.github.event(issue, at + SECOND, person, "CrossReferencedEvent",
                                     source=work.pull.node_id, willCloseTarget=True)

    def review(self, work: Work, at: int, person: str) -> None:
        """Somebody else looks at the pull request for the first time."""
        pull = work.pull
        if pull and pull.first_review_at is None and pull.author != person:
            pull.first_review_at, pull.first_reviewer = moment_of(_second(at)), person
            pull.updated_at = moment_of(_second(at))

    def merge(self, pull: PullRequest, at: int) -> None:
        """Merge; a deployment to staging follows."""
        moment = moment_of(_second(at))
        pull.merged_at = pull.closed_at = pull.updated_at = moment
        pull.is_draft = False
        pull.merge_commit_oid = commit_oid(self._world.seed, pull.node_id)
        self._last_merge[pull.repo] = self._unshipped[pull.repo] = pull.merge_commit_oid
        fails = self._random.random() < _STAGING_FAILS
        self._world.agenda.plan(at + 12 * MINUTE, self._deploy, pull.repo, "staging", pull.merge_commit_oid, fails)

    def abandon(self, pull: PullRequest, at: int) -> None:
        """Close without merging."""
        pull.closed_at = pull.updated_at = moment_of(_second(at))

    def _reference(self, issue: GithubIssue, repo: Repository) -> str:
        there = "" if issue.repo == repo.name else f"{self._world.company.organization}/{issue.repo}"
        return f"{there}#{issue.number}"

    def _pull(self, repo: Repository, at: int, author: str, title: str, branch: str, body: str) -> PullRequest:
        number = self._world.github.next_number()
        moment = moment_of(_second(at))
        pull = PullRequest(
            node_id=node_id("PR", number), database_id=number, repo=repo.name, number=repo.next_number, title=title,
            author=author, created_at=moment, updated_at=moment, head_branch=branch, body=body,
            is_draft=self._random.random() < 0.08, additions=int(self._random.lognormvariate(4, 1)),
            deletions=int(self._random.lognormvariate(3, 1)),
        )
        repo.next_number += 1
        repo.pull_requests.append(pull)
        return pull

    def _update_dependency(self, now: int, repo: Repository) -> None:
        """Dependabot raises a version; most are merged within days."""
        random = self._random
        package = random.choice(_PACKAGES)
        version = f"{random.randint(1, 9)}.{random.randint(0, 20)}.{random.randint(0, 9)}"
        pull = self._pull(repo, now, DEPENDABOT, f"Bump {package} to {version}", f"dependabot/{package}-{version}",
                          f"Bumps {package} to {version}.")
        pull.first_commit_at = pull.created_at
        later = now + random.randrange(2 * HOUR, 6 * DAY)
        if random.random() < 0.8:
            self._world.agenda.plan(later, self._finish_update, pull)
        self._world.agenda.plan(now + random.randrange(10 * DAY, 25 * DAY), self._update_dependency, repo)

    def _finish_update(self, now: int, pull: PullRequest) -> None:
        if self._random.random() < 0.85:
            self.merge(pull, now)
        else:
            self.abandon(pull, now)

    # --- Deployments and releases

    def _ship(self, now: int, repo: Repository) -> None:
        """Every second day or so, what was merged goes to production."""
        commit = self._unshipped.pop(repo.name, None)
        if commit:
            fails = self._random.random() < _PRODUCTION_FAILS
            self._deploy(now, repo.name, "production", commit, fails)
            if fails:
                self._world.agenda.plan(now + 3 * HOUR, self._deploy, repo.name, "production", commit, not fails)
                self.when_production_fails(now, repo.name, commit)
        self._world.agenda.plan(now + self._random.choice((1, 2, 2, 3, 5)) * DAY, self._ship, repo)

    def _deploy(self, now: int, repo_name: str, environment: str, commit: str, fails: bool) -> None:
        number = self._world.github.next_number()
        finished = now + self._random.randrange(3 * MINUTE, 25 * MINUTE)
        is_running = finished > self._world.agenda.end
        state = "IN_PROGRESS" if is_running else "FAILURE" if fails else "SUCCESS"
        self._world.company.repositories[repo_name].deployments.append(Deployment(
            node_id("DE", number), number, environment, commit, moment_of(_second(now)),
            None if is_running else moment_of(_second(finished)), state,
        ))

    def _release(self, now: int, repo: Repository) -> None:
        commit = self._last_merge.get(repo.name)
        if commit:
            minor = self._releases.get(repo.name, 0) + 1
            self._releases[repo.name] = minor
            number = self._world.github.next_number()
            suffix = "-rc1" if minor % 5 == 4 else ""
            tag = f"v2.{minor}.0{suffix}"
            repo.releases.append(Release(node_id("RE", number), number, tag, f"{repo.name} {tag}",
                                         moment_of(_second(now)), commit, is_prerelease=bool(suffix)))
        self._world.agenda.plan(now + _RELEASE_DAYS * DAY, self._release, repo)


def _second(instant: int) -> int:
    return instant - instant % SECOND
