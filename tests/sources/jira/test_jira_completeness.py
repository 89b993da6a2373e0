"""Histories and work logs longer than any page arrive whole and are counted; what does not is told."""

from datetime import UTC, datetime

import orjson
import pytest

from itpm_pipeline.canonical.rows import CanonicalRows
from itpm_pipeline.extract.records import ProjectRef
from itpm_pipeline.sources.jira.changelogs import MOST_DOUBTS

PAY = ProjectRef("acme-jira", "PAY", "10001", "Payments")


def entry(number: int, field: str = "labels", to: str = "x") -> dict:
    at = datetime.fromtimestamp(1772442000 + 60 * number, UTC)
    items = [{"field": field, "fieldId": field, "from": None, "to": to, "fromString": "", "toString": to}]
    return {"id": str(number), "created": f"{at:%Y-%m-%dT%H:%M:%S}.000+0000", "items": items}


class Cloud:
    """A Cloud site whose bulk answer holds ``bulk`` and whose issues' own resources hold ``histories``."""

    def __init__(self, fake, other_answer, histories: dict[int, list[dict]], **fields: dict) -> None:
        self.histories = histories
        self.bulk = dict(histories)
        self.fields = {number: fields.get(f"i{number}", {}) for number in histories}
        fake.answers |= {
            "api/3/search/jql": lambda _: {"isLast": True, "issues": [
                {"id": str(n), "key": f"PAY-{n}", "fields": self.fields[n]} for n in self.fields
            ]},
            "api/3/changelog/bulkfetch": self._bulk, "api/3/project/PAY/versions": [],
        }  # fmt: skip
        for number in histories:
            fake.answers[f"api/3/issue/{number}/changelog"] = lambda request, n=number: self._paged(request, n)
        self._other_answer = other_answer

    def _bulk(self, request):
        start, size = int(request.body.get("nextPageToken") or 0), request.body["maxResults"]
        asked = [int(one) for one in request.body["issueIdsOrKeys"]]
        rows = [(n, one) for n in asked for one in self.bulk.get(n, [])]
        logs: dict[int, list] = {}
        for number, one in rows[start : start + size]:
            logs.setdefault(number, []).append(one)
        found = [{"issueId": str(number), "changeHistories": many} for number, many in logs.items()]
        return {"issueChangeLogs": found} | ({"nextPageToken": str(start + size)} if start + size < len(rows) else {})

    def _paged(self, request, number: int):
        if number not in self.fields:
            raise self._other_answer(404, {"errorMessages": ["Issue does not exist"]})
        start, found = int(request.query["startAt"]), self.histories[number]
        page = found[start : start + 100]
        return {"startAt": start, "total": len(found), "isLast": start + 100 >= len(found), "values": page}


@pytest.fixture
def cloud(fake, other_answer):
    return lambda histories, **fields: Cloud(fake, other_answer, histories, **fields)


def read(source):
    """(changelogs by issue, rows of core)."""
    rows, logs = CanonicalRows(), {}
    records = list(source.read_project(PAY, None).records)
    context = source.mapping_context([])
    for record in records:
        if record.stream in ("changelogs", "worklogs"):
            source.map_record(record, context, rows)
        if record.stream == "changelogs":
            logs[record.native_id] = orjson.loads(record.payload)
    return logs, rows


def counts(rows):
    """(entries read, entries told, complete) by issue."""
    return {
        row["issue_id"].rpartition(":")[2]: (row["history_count"], row["reported_count"], row["is_complete"])
        for row in rows.tables["issue_history"]
    }


@pytest.mark.parametrize("length", [101, 1001, 10_001])
def test_histories_of_any_length_arrive_whole_in_bulk(fake, open_source, cloud, length):
    cloud({1: [entry(n) for n in range(length)], 2: [entry(n) for n in range(150)], 3: []})
    _, rows = read(open_source())
    assert counts(rows) == {"1": (length, None, True), "2": (150, None, True), "3": (0, None, True)}
    assert len(rows.tables["issue_field_event"]) == length + 150
    assert fake.counts()["POST api/3/changelog/bulkfetch"] == (2 if length > 10_000 - 150 else 1)


def test_a_bulk_answer_that_lacks_the_last_change_is_read_again_issue_by_issue(fake, open_source, cloud):
    """Its last status is not the one the issue is in: the list is older than the issue, or was cut."""
    whole = [entry(1, "status", "3"), *(entry(n) for n in range(2, 240)), entry(240, "status", "5")]
    site = cloud({1: whole, 2: [entry(1, "status", "3")]}, i1={"status": {"id": "5"}}, i2={"status": {"id": "3"}})
    site.bulk[1] = whole[:200]
    logs, rows = read(open_source())
    assert counts(rows) == {"1": (240, 240, True), "2": (1, None, True)}
    assert logs["1"]["total"] == 240
    assert fake.counts()["GET api/3/issue/1/changelog"] == 3
    assert "GET api/3/issue/2/changelog" not in fake.counts()


def test_an_issue_that_a_bulk_answer_passes_over_has_no_history_rather_than_an_empty_one(fake, open_source, cloud):
    """Deleted since the search: without a word in bulk, with 404 when asked for by itself."""
    resolved = {"created": "2026-03-02T09:00:00.000+0000", "resolutiondate": "2026-03-05T09:00:00.000+0000"}
    cloud({1: [], 2: []}, i1=resolved, i2={"created": resolved["created"], "resolutiondate": None})
    del fake.answers["api/3/issue/1/changelog"]
    _, rows = read(open_source())
    assert counts(rows) == {"2": (0, None, True)}


def test_a_site_without_histories_costs_a_few_doubts_and_no_more(fake, open_source, cloud):
    resolved = {"created": "2026-03-02T09:00:00.000+0000", "resolutiondate": "2026-03-05T09:00:00.000+0000"}
    cloud({n: [] for n in range(1, 41)}, **{f"i{n}": resolved for n in range(1, 41)})
    _, rows = read(open_source())
    assert len(counts(rows)) == 40
    assert sum("issue/" in name for name in fake.counts()) == MOST_DOUBTS


# --- Data Center ----------------------------------------------------------------------------------------------------


@pytest.fixture
def center(fake):
    """A Data Center site whose search embeds the newest hundred entries of 1,250, oldest pages elsewhere."""
    whole = [entry(n) for n in range(1250)]
    embedded = {"startAt": 0, "maxResults": 100, "total": 1250, "histories": whole[:-101:-1]}
    fake.answers |= {
        "api/2/serverInfo": {"version": "9.12.5", "deploymentType": "Server",
                             "serverTime": "2026-11-16T08:00:00.000+0000"},
        "api/2/field": fake.answers["api/3/field"], "api/2/project/PAY/versions": [],
        "api/2/search": lambda _: {"startAt": 0, "maxResults": 50, "total": 1, "issues": [
            {"id": "1", "key": "PAY-1", "fields": {}, "changelog": dict(embedded)}]},
    }  # fmt: skip
    return whole


def test_a_history_that_came_in_part_is_paged_to_its_end(fake, open_source, center):
    fake.answers["api/2/issue/1/changelog"] = lambda request: {
        "startAt": int(request.query["startAt"]), "total": 1250,
        "values": center[int(request.query["startAt"]) :][:100],
    }  # fmt: skip
    _, rows = read(open_source(email=None))
    assert counts(rows) == {"1": (1250, 1250, True)}
    assert fake.counts()["GET api/2/issue/1/changelog"] == 13


def test_a_history_that_no_page_completes_is_told_to_be_cut(open_source, center):
    _, rows = read(open_source(email=None))
    assert counts(rows) == {"1": (100, 1250, False)}


def test_an_issue_that_vanishes_before_its_history_is_read_costs_only_itself(fake, open_source, center):
    """This server embeds none and has no such resource: the issue is asked for, and is gone."""
    fake.answers["api/2/search"] = lambda _: {"startAt": 0, "maxResults": 50, "total": 1, "issues": [
        {"id": "1", "key": "PAY-1", "fields": {}}]}  # fmt: skip
    records = list(open_source(email=None).read_project(PAY, None).records)
    assert [record.stream for record in records] == ["issues"]


@pytest.mark.parametrize("length", [21, 5001])
def test_work_logs_of_any_length_arrive_whole(fake, open_source, cloud, length):
    logs = [{"id": str(n), "started": "2026-03-02T09:00:00.000+0000", "timeSpentSeconds": 60} for n in range(length)]
    cloud({1: []}, i1={"worklog": {"startAt": 0, "maxResults": 20, "total": length, "worklogs": logs[:20]}})
    fake.answers["api/3/issue/1/worklog"] = lambda request: {
        "total": length, "startAt": int(request.query["startAt"]),
        "worklogs": logs[int(request.query["startAt"]) :][: int(request.query["maxResults"])],
    }  # fmt: skip
    _, rows = read(open_source())
    assert len({row["worklog_id"] for row in rows.tables["worklog"]}) == length
    assert fake.counts()["GET api/3/issue/1/worklog"] == 1 + (length > 5000)
