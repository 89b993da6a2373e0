"""Reads links of issues to other sites.

There is no bulk resource for them, and no query finds the issues that have any. A link that comes or goes leaves an
entry in the history of its issue: so only issues whose history mentions one are asked, when they change, and again in
a reconcile, as a link may also be edited in place.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from itpm_pipeline.errors import ProtocolError, RefusedError
from itpm_pipeline.extract.client import Traffic
from itpm_pipeline.extract.read_ahead import read_ahead
from itpm_pipeline.extract.records import RawRecord
from itpm_pipeline.sources.jira.emission import Emission
from itpm_pipeline.sources.jira.session import JiraSession

STREAM = "remote_links"
HISTORY_FIELD = "remoteissuelink"
"""Changelog items of this name (case aside) tell that an issue has, or had, links to other sites."""


class RemoteLinks:
    """Links of the issues of one reading; ``owners``: native ids of all issues known to ever have had one."""

    def __init__(self, session: JiraSession, emission: Emission, owners: Iterable[str] = ()) -> None:
        self.owners = set(owners)
        self._session = session
        self._emission = emission
        self._asked: set[str] = set()

    def of_issue(self, issue_id: str, histories: Iterable[Mapping[str, Any]]) -> Iterator[RawRecord]:
        """The links of an issue whose history mentions one; may be called from several threads."""
        if mentions_links(histories):
            self.owners.add(issue_id)
            yield from self._ask(issue_id)

    def of_the_others(self) -> Iterator[RawRecord]:
        """The links of all other issues that ever had one."""
        waiting = sorted(self.owners - self._asked, key=lambda number: (len(number), number))

        def ask(issue_id: str) -> list[RawRecord]:
            return list(self._ask(issue_id))

        for records in read_ahead(ask, waiting, workers=self._session.tracker.concurrency):
            yield from records

    def _ask(self, issue_id: str) -> Iterator[RawRecord]:
        self._asked.add(issue_id)
        links = issue_remote_links(self._session, issue_id, self._emission.traffic(STREAM))
        if links is not None:
            yield self._emission.record(STREAM, issue_id, links)


def mentions_links(histories: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a history mentions links to other sites."""
    changed = {str(item.get("field")) for entry in histories for item in entry.get("items") or ()}
    return any(field.lower() == HISTORY_FIELD for field in changed)


def issue_remote_links(session: JiraSession, issue_id: str, traffic: Traffic) -> dict[str, Any] | None:
    """Links of an issue to other sites; None if the issue vanished or links are switched off (403)."""
    doing = f"reading the remote links of issue {issue_id}"
    try:
        links = session.get(doing, session.platform(f"issue/{issue_id}/remotelink", traffic), traffic)
    except RefusedError as error:
        if error.status not in (403, 404):
            raise
        return None
    if not isinstance(links, list):
        raise ProtocolError(f"{doing}: the answer is no list")
    return {"issueId": issue_id, "remoteLinks": links}
