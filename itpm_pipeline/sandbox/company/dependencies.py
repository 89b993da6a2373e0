"""Who waits for whom: links, relations and phrases between issues of all teams and both trackers."""

from itpm_pipeline.sandbox.company.crew import Crew, Work
from itpm_pipeline.sandbox.company.hours import DAY, HOUR
from itpm_pipeline.sandbox.company.model import GithubIssue, JiraIssue
from itpm_pipeline.sandbox.company.world import World, work_id

_MOST_BLOCKED = 3
_PHRASES = ("Blocked by {}.", "Depends on {}.", "Waiting for {} before we can ship.", "This requires {}.")


class Dependencies:
    """The graph of waiting, and the ways people write it down."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._random = world.stream("dependencies")
        self._phrases: list[tuple[Work, Work]] = []
        """(blocker, blocked) that stand only in a text or a remote link."""

    def candidate(self, crew: Crew) -> Work | None:
        """Something open of another team that an issue of ``crew`` could wait for."""
        crews = [other for other in self._world.crews.values() if other is not crew]
        near = [other for other in crews if other.plan.program == crew.plan.program and crew.plan.program]
        pool = near if near and self._random.random() < 0.6 else crews
        if not pool:
            return None
        other = self._random.choice(pool)
        works = [work for work in [*other.todo, *other.backlog[:12]] if work.is_open]
        return self._random.choice(works) if works else None

    def phrase(self, blocker: Work, blocked: Work) -> str:
        """A sentence for the text of ``blocked`` that says it waits for ``blocker``."""
        self._connect(blocker, blocked)
        self._phrases.append((blocker, blocked))
        return self._random.choice(_PHRASES).format(self._world.reference(blocker, seen_from=blocked))

    def mentions(self, work: Work) -> int:
        """In how many texts somebody says they wait for this issue."""
        return sum(blocker is work and isinstance(work.issue, JiraIssue) for blocker, _ in self._phrases)

    def link(self, blocker: Work, blocked: Work, at: int, person: str) -> bool:
        """Book that ``blocked`` waits for ``blocker``; False if that would close a circle or is booked already."""
        if not self.may_wait(blocker, blocked):
            return False
        self.book(blocker, blocked, at, person)
        return True

    def may_wait(self, blocker: Work, blocked: Work) -> bool:
        """Whether the pair is new, leaves the graph without circles and nobody waits for too much."""
        if blocker in blocked.blockers or len(blocked.blockers) >= _MOST_BLOCKED or not blocker.is_open:
            return False
        seen, front = {blocked}, [blocked]
        while front:
            for waiting in front.pop().blocking:
                if waiting not in seen:
                    seen.add(waiting)
                    front.append(waiting)
        return blocker not in seen

    def book(self, blocker: Work, blocked: Work, at: int, person: str) -> None:
        """Book without looking for circles."""
        self._connect(blocker, blocked)
        source, target = blocker.issue, blocked.issue
        if isinstance(source, JiraIssue) and isinstance(target, JiraIssue):
            if self._random.random() < 0.15:
                self._world.jira.link(at, person, "Depends", target, source)
            else:
                self._world.jira.link(at, person, "Blocks", source, target)
        elif isinstance(source, GithubIssue) and isinstance(target, GithubIssue):
            self._world.github.block(source, target, at, person)
        elif isinstance(source, GithubIssue) and isinstance(target, JiraIssue):
            self._world.jira.link_outside(target, at, person, self._world.address(source), source.title,
                                          "is blocked by")
            self._phrases.append((blocker, blocked))
        else:
            raise TypeError("a GitHub issue can wait for a Jira issue only by a phrase in its text")

    def unlink(self, blocked: Work, at: int, person: str) -> None:
        """Take back the first native link of an issue that waits; it turned out not to be needed."""
        for blocker in blocked.blockers:
            source, target = blocker.issue, blocked.issue
            if isinstance(source, JiraIssue) and isinstance(target, JiraIssue):
                for link in list(self._world.company.links.values()):
                    ends = (link.source_id, link.target_id)
                    if ends in {(source.id, target.id), (target.id, source.id)} and link.type in {"Blocks", "Depends"}:
                        self._world.jira.unlink(link, at, person)
                        self._disconnect(blocker, blocked)
                        return
            if isinstance(source, GithubIssue) and isinstance(target, GithubIssue) \
                    and source.node_id in target.blocked_by:
                self._world.github.unblock(source, target, at, person)
                self._disconnect(blocker, blocked)
                return

    def forget(self, work: Work) -> None:
        """A deleted issue neither waits nor is waited for."""
        for blocker in list(work.blockers):
            self._disconnect(blocker, work)
        for blocked in list(work.blocking):
            self._disconnect(work, blocked)

    def consider(self, work: Work, at: int) -> None:
        """Perhaps a new issue turns out, days later, to wait for another team."""
        crew = work.crew
        if self._random.random() < crew.plan.dependent:
            later = at + self._random.randrange(2 * HOUR, 6 * DAY)
            crew.act(later, crew.lead, self._discover, work)

    def _discover(self, now: int, person: str, work: Work) -> None:
        blocker = self.candidate(work.crew)
        if blocker is None or not work.is_open or work.stage in {"doing", "review"}:
            return
        if isinstance(blocker.issue, JiraIssue) and isinstance(work.issue, GithubIssue):
            return
        if self.link(blocker, work, now, person):
            if blocker in blocker.crew.backlog[5:] and self._random.random() < 0.5:
                blocker.crew.backlog.remove(blocker)
                blocker.crew.backlog.insert(2, blocker)
            if self._random.random() < 0.08:
                work.crew.act(now + self._random.randrange(1, 9) * DAY, person, self._reconsider, work)

    def _reconsider(self, now: int, person: str, work: Work) -> None:
        if work.is_open:
            self.unlink(work, now, person)

    def _connect(self, blocker: Work, blocked: Work) -> None:
        blocked.blockers.append(blocker)
        blocker.blocking.append(blocked)

    def _disconnect(self, blocker: Work, blocked: Work) -> None:
        blocked.blockers.remove(blocker)
        blocker.blocking.remove(blocked)

    def finish(self, invisible: set[str]) -> None:
        """Write the edges that hold now into the truth; those with an invisible end are left out."""
        company, truth = self._world.company, self._world.company.truth
        for link in company.links.values():
            if link.type in {"Blocks", "Depends"}:
                edge = (link.source_id, link.target_id)
                truth.hard_edges.add(edge if link.type == "Blocks" else edge[::-1])
        for issue in self._world.github.issues.values():
            truth.hard_edges.update((blocker, issue.node_id) for blocker in issue.blocked_by)
        for blocker, blocked in self._phrases:
            truth.text_edges.add((work_id(blocker), work_id(blocked)))
        for edges in (truth.hard_edges, truth.text_edges):
            for edge in [edge for edge in edges if not invisible.isdisjoint(edge)]:
                edges.remove(edge)
