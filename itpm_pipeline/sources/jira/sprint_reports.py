"""Reads a site's own reports on closed sprints: something to compare with, which nothing may depend on.

The endpoint is Jira's private one for its own pages (METRICS.md section 2.1, unofficial oracle). A site may refuse it,
lack it or drop it any day, so nothing that goes wrong with it fails the reading of the site.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from itpm_pipeline.errors import CredentialError, RefusedError, TrackerError
from itpm_pipeline.extract import json_text
from itpm_pipeline.extract.read_ahead import read_ahead
from itpm_pipeline.extract.records import RawRecord
from itpm_pipeline.sources.jira.emission import Emission
from itpm_pipeline.sources.jira.session import JiraSession
from itpm_pipeline.sources.jira.settings import SPRINT_REPORTS

PATH = "greenhopper/1.0/rapid/charts/sprintreport"
MOST_REFUSALS = 3
"""A site that refuses the first so many is not asked for the others: single sprints are refused for their own reasons
(a board that is gone), and a site that has no such endpoint need not say so for each of them."""
REFUSED = "refused "
"""Stands before the digest of a sprint whose report was refused."""


class SprintReports:
    """One reading of the reports that are not known yet.

    ``known`` is what :attr:`asked` was at the end of the last reading: sprint to the digest of its row when its report
    was asked for. A closed sprint is asked for once, and again when its row changed; one that was refused also when
    ``again`` is set.
    """

    def __init__(
        self, session: JiraSession, emission: Emission, known: Mapping[str, str], *, again: bool = False
    ) -> None:
        self.asked: dict[str, str] = {}
        self._session = session
        self._emission = emission
        self._known = known
        self._again = again
        self._refused: dict[str, str] = {}
        self._gave_up = False

    def read(
        self, sprints: Mapping[Any, Mapping[str, Any]], boards: Mapping[Any, Sequence[Any]]
    ) -> Iterator[RawRecord]:
        """Records of the reports; ``boards``: sprint to the numbers of the boards that list it."""
        closed = sorted((number for number, sprint in sprints.items() if sprint.get("state") == "closed"), reverse=True)
        due = []
        for number in closed:
            digest = hashlib.sha256(json_text.dumps(sprints[number])).hexdigest()[:8]
            known = self._known.get(str(number))
            if known == digest or (known == REFUSED + digest and not self._again):
                self.asked[str(number)] = known
            else:
                due.append((number, _board_of(sprints[number], boards[number]), digest))
        waiting, answered = iter(due), 0
        for one in waiting:
            report = self._ask(*one)
            if report is not None:
                answered += 1
                yield self._emission.record(SPRINT_REPORTS, one[0], report)
                break
            if self._gave_up or len(self._refused) >= MOST_REFUSALS:
                self._gave_up = True
                break
        workers = self._session.tracker.concurrency
        for sprint, report in read_ahead(lambda one: (one[0], self._ask(*one)), waiting, workers=workers):
            if report is not None:
                answered += 1
                yield self._emission.record(SPRINT_REPORTS, sprint, report)
        self._tell(len(closed), len(due), answered)

    def _tell(self, closed: int, due: int, answered: int) -> None:
        self._emission.outcomes[SPRINT_REPORTS].details |= {
            "closed": closed, "due": due, "answered": answered, "refused": dict(sorted(self._refused.items()))
        }  # fmt: skip
        if self._refused:
            example = next(iter(self._refused.values()))
            self._emission.skip(f"{due - answered} of {due} sprint reports were not told: {example}", SPRINT_REPORTS)

    def _ask(self, sprint: Any, board: Any, digest: str) -> dict[str, Any] | None:
        """The report of one sprint in its envelope; None where it is refused, which is noted."""
        if self._gave_up:
            return None
        params = {"rapidViewId": board, "sprintId": sprint}
        try:
            report = self._session.get(
                f"reading the report of sprint {sprint}", PATH, self._emission.traffic(SPRINT_REPORTS), params
            )
        except RefusedError as error:
            self._refused[str(sprint)] = str(error)
            self.asked[str(sprint)] = REFUSED + digest
            return None
        except (CredentialError, TrackerError) as error:
            # More requests like this one would lock the account, or hold up the sync with waiting in vain.
            self._refused[str(sprint)] = str(error)
            self._gave_up = True
            return None
        self.asked[str(sprint)] = digest
        return {"boardId": board, "sprintId": sprint, "report": report}


def _board_of(sprint: Mapping[str, Any], boards: Sequence[Any]) -> Any:
    """The board whose report is asked for: where the sprint was made, if we see that board."""
    origin = sprint.get("originBoardId")
    return origin if origin in boards else min(boards)
