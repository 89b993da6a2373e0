"""Run in an environment of its own that has jira-agile-metrics (PyPI): its cycle times of every issue of a Jira site.

Arguments: address, user, token. Prints JSON: for changes as listed and for the oldest first, by key of the issue the
days on which it was accepted and complete (null = never, or erased) and its cycle time in days (null = none). Only the
package's own code decides; its steps are the categories of statuses. ``cut``: of issues with more changes than a search
holds, the instant of the first one that it got.
"""

import json
import sys
from datetime import datetime
from importlib.metadata import version

from jira import JIRA
from jira_agile_metrics.calculators.cycletime import CycleTimeCalculator
from jira_agile_metrics.querymanager import QueryManager
from jira_agile_metrics.utils import StatusTypes

STEPS = (
    ("todo", "new", StatusTypes.backlog),
    ("in_progress", "indeterminate", StatusTypes.accepted),
    ("done", "done", StatusTypes.complete),
)


LISTED, OLDEST_FIRST = "listed", "oldest first"


class OneReading(QueryManager):
    """Reads the issues once. Jira Cloud lists their changes newest first; ``order`` may turn that round."""

    order = LISTED
    issues: list | None = None

    def find_issues(self, jql: str) -> list:
        if self.issues is None:
            self.issues = super().find_issues(jql)
        for issue in self.issues if self.order == OLDEST_FIRST else ():
            issue.changelog.histories.sort(key=lambda change: datetime.fromisoformat(change.created))
        return self.issues


def main(address: str, user: str, token: str) -> None:
    site = JIRA(options={"server": address}, basic_auth=(user, token))
    statuses = site.statuses()
    settings = {
        "cycle": [
            {"name": name, "type": kind, "statuses": [one.name for one in statuses if one.statusCategory.key == key]}
            for name, key, kind in STEPS
        ],
        "attributes": {}, "known_values": {}, "max_results": False, "query_attribute": None,
        "backlog_column": "todo", "done_column": "done", "queries": [{"jql": "project is not EMPTY order by created"}],
    }  # fmt: skip
    reading = OneReading(site, settings)
    told = {}
    for reading.order in (LISTED, OLDEST_FIRST):
        frame = CycleTimeCalculator(reading, settings, {}).run()
        columns = frame["in_progress"].dt.strftime("%Y-%m-%d"), frame["done"].dt.strftime("%Y-%m-%d")
        dates = [column.astype(object).where(column.notna(), None) for column in columns]
        took = frame["cycle_time"].dt.days
        days = took.astype(object).where(took.notna(), None)
        told[reading.order] = dict(zip(frame["key"], zip(*dates, days, strict=True), strict=True))
    cut = {
        issue.key: min(change.created for change in issue.changelog.histories)
        for issue in reading.issues or () if issue.changelog.total > len(issue.changelog.histories)
    }  # fmt: skip
    json.dump({"version": version("jira-agile-metrics"), "cut": cut, **told}, sys.stdout, default=int)


if __name__ == "__main__":
    main(*sys.argv[1:])
