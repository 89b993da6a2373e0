"""What a reconcile reads again: links that were edited, and changes that a search showed late."""

from datetime import UTC, datetime, timedelta

import pytest

from itpm_pipeline.extract.records import ProjectRef
from itpm_pipeline.extract.source import Cursor

PAY = ProjectRef("acme-jira", "PAY", "10001", "Payments")
MENTION = [{"field": "RemoteIssueLink", "fieldtype": "jira", "to": "1"}]


class Site:
    """A Cloud project of which a search finds ``found``; each issue's history mentions a link if ``linked``."""

    def __init__(self, fake) -> None:
        self.fake = fake
        self.found: list[int] = []
        self.linked: set[int] = set()
        self.queries: list[str] = []
        fake.answers |= {
            "api/3/search/jql": self._search, "api/3/changelog/bulkfetch": self._histories,
            "api/3/project/PAY/versions": [],
        }  # fmt: skip
        for number in range(1, 10):
            fake.answers[f"api/3/issue/{number}/remotelink"] = []

    def _search(self, request):
        self.queries.append(request.body["jql"])
        return {"isLast": True, "issues": [{"id": str(n), "key": f"PAY-{n}", "fields": {}} for n in self.found]}

    def _histories(self, request):
        return {"issueChangeLogs": [
            {"issueId": one, "changeHistories": [{"id": "7", "created": 1772442000000, "items": MENTION}]}
            for one in request.body["issueIdsOrKeys"] if int(one) in self.linked
        ]}  # fmt: skip

    def asked(self) -> list[str]:
        """Issues whose links were asked for since the last look, in order."""
        paths = [request.path for request in self.fake.seen if request.path.endswith("/remotelink")]
        self.fake.seen.clear()
        return sorted(path.split("/")[-2] for path in paths)


@pytest.fixture
def site(fake):
    return Site(fake)


def read(source, cursor=None, **how):
    reading = source.read_project(PAY, cursor, **how)
    records = list(reading.records)
    return reading, [record.native_id for record in records if record.stream == "remote_links"]


def test_links_are_read_again_for_every_issue_that_ever_had_one(site, open_source):
    source = open_source()
    site.found, site.linked = [1, 2, 3, 4], {2, 4}
    first, landed = read(source)
    assert landed == site.asked() == ["2", "4"]
    site.found = [1]
    hourly, landed = read(source, first.cursor)
    assert landed == site.asked() == []
    site.found, site.linked = [3], {3}
    second, landed = read(source, hourly.cursor)
    assert landed == site.asked() == ["3"]
    site.found = [4]
    site.linked.add(4)
    nightly, landed = read(source, second.cursor, reconcile=True)
    assert landed == ["4", "2", "3"], "first that of the changed issue, then all others; none twice"
    assert site.asked() == ["2", "3", "4"]
    assert nightly.cursor.state["remote_links"] == ["2", "3", "4"]
    assert next(one for one in nightly.outcomes if one.stream == "remote_links").fetched == 3


def test_links_of_an_issue_that_vanished_are_passed_over(site, open_source):
    source = open_source()
    site.found, site.linked = [1, 2], {1, 2}
    first, _ = read(source)
    site.found = []
    del site.fake.answers["api/3/issue/1/remotelink"]
    nightly, landed = read(source, first.cursor, reconcile=True)
    assert landed == ["2"]
    assert nightly.cursor.state["remote_links"] == ["1", "2"], "it may only be hidden for now"


def test_a_reconcile_goes_back_to_the_one_before(site, open_source):
    """Whatever the search showed later than the look-back, it shows by then."""
    source = open_source()
    first, _ = read(source)
    reconciled = first.cursor.watermark
    assert first.cursor.state["reconciled"] == reconciled.isoformat() == "2026-11-16T08:00:00+00:00"
    hourly = Cursor(reconciled + timedelta(hours=12), first.cursor.state)
    later, _ = read(source, hourly)
    assert later.cursor.state["reconciled"] == reconciled.isoformat()
    nightly, _ = read(source, hourly, reconcile=True)
    assert nightly.cursor.state["reconciled"] == nightly.cursor.watermark.isoformat()
    since = [int(query.split(">= ")[1].split()[0]) for query in site.queries[1:]]
    expected = [hourly.watermark, reconciled]
    assert [datetime.fromtimestamp(one / 1000, UTC) + timedelta(minutes=10) for one in since] == expected


@pytest.mark.parametrize("missing", ["remote_links", "reconciled"])
def test_a_cursor_that_lacks_what_a_reconcile_needs_reads_everything(site, open_source, missing):
    source = open_source()
    first, _ = read(source)
    old = {name: value for name, value in first.cursor.state.items() if name != missing}
    _ = read(source, Cursor(first.cursor.watermark, old))
    assert "updated >=" not in site.queries[-1]
