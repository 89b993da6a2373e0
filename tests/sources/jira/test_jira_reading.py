"""Reading a site and its projects: requests, records, outcomes, cursors."""

import threading
from datetime import UTC, datetime

import orjson
import pytest

from itpm_pipeline.errors import ProtocolError, RefusedError
from itpm_pipeline.extract.client import Traffic
from itpm_pipeline.extract.records import OutcomeStatus, ProjectRef

PAY = ProjectRef("acme-jira", "PAY", "10001", "Payments")
NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)


class Issues:
    """Issues of a Cloud site: search by token, changelogs in bulk."""

    def __init__(self, fake, other_answer, count: int, histories: int = 2) -> None:
        self.fake, self.other_answer, self.histories = fake, other_answer, histories
        self.numbers = list(range(1, count + 1))
        self.fields: dict[int, dict] = {}
        self.items: dict[int, list[dict]] = {}
        self.vanished: set[str] = set()
        fake.answers |= {
            "api/3/search/jql": self.search, "api/3/changelog/bulkfetch": self.changelogs,
            "api/3/project/PAY/versions": [{"id": "7", "name": "1.0"}],
        }  # fmt: skip

    def search(self, request):
        start, size = int(request.body.get("nextPageToken") or 0), request.body["maxResults"]
        found = self.numbers[start : start + size]
        issues = [{"id": str(n), "key": f"PAY-{n}", "fields": self.fields.get(n, {})} for n in found]
        if start + size < len(self.numbers):
            return {"issues": issues, "nextPageToken": str(start + size), "isLast": False}
        return {"issues": issues, "isLast": True}

    def changelogs(self, request):
        asked = request.body["issueIdsOrKeys"]
        if self.vanished & set(asked):
            raise self.other_answer(400, {"errorMessages": ["Issue does not exist or you do not have permission"]})
        start, size = int(request.body.get("nextPageToken") or 0), request.body["maxResults"]
        rows = [(issue, n) for n in range(self.histories) for issue in asked]
        logs: dict[str, list] = {}
        for issue, n in rows[start : start + size]:
            items = self.items.get(int(issue), [{"field": "status", "from": "1", "to": "2"}])
            logs.setdefault(issue, []).append({"id": f"{issue}-{n}", "created": 1772442000000 + n, "items": items})
        answer = {"issueChangeLogs": [{"issueId": issue, "changeHistories": found} for issue, found in logs.items()]}
        return answer | ({"nextPageToken": str(start + size)} if start + size < len(rows) else {})


@pytest.fixture
def issues(fake, other_answer):
    return lambda count, **settings: Issues(fake, other_answer, count, **settings)


def consume(read):
    """Records by stream, outcomes by stream."""
    streams: dict[str, list] = {}
    for record in read.records:
        streams.setdefault(record.stream, []).append(record)
    return streams, {outcome.stream: outcome for outcome in read.outcomes}


def payloads(records):
    return [orjson.loads(record.payload) for record in records]


# --- Issues and histories on Cloud --------------------------------------------------------------------------------


ODD = rb'"fields" : {"summary":"a\/b \u00e9 ","customfield_10016":1.10,"created":"x"}, "new":[1E2]'


def test_issues_and_histories_are_landed_letter_by_letter(fake, open_source, other_answer):
    def answer(body: bytes):
        def reply(_):
            raise other_answer(200, body)

        return reply

    fake.answers |= {
        "api/3/project/PAY/versions": [],
        "api/3/search/jql": answer(b'{"issues":[ {"id":"1", %s} ],"isLast":true}' % ODD),
        "api/3/changelog/bulkfetch": answer(
            b'{"issueChangeLogs":[{"issueId":"1","changeHistories":[ {"id":"5","x":1.0E1,"items":[]} , {"id":"6"}]}]}'
        ),
    }
    streams, _ = consume(open_source().read_project(PAY, None))
    assert [record.payload for record in streams["issues"]] == [b'{"id":"1", %s}' % ODD]
    assert [record.payload for record in streams["changelogs"]] == [
        b'{"issueId":"1","changeHistories":[{"id":"5","x":1.0E1,"items":[]},{"id":"6"}]}'
    ]


def test_an_issue_of_data_center_is_landed_without_its_history_and_otherwise_letter_by_letter(
    fake, open_source, other_answer
):
    def search(_):
        log = b'"changelog": {"maxResults":1,"histories":[{"id":"5","x":1.0E1,"items":[]}],"total":1}'
        raise other_answer(200, b'{"total":1,"issues":[{"id":"1",%s,%s}]}' % (log, ODD))

    fake.answers |= {
        "api/2/serverInfo": {"version": "9.12.5", "deploymentType": "Server"}, "api/2/field": [],
        "api/2/project/PAY/versions": [], "api/2/search": search,
    }  # fmt: skip
    streams, _ = consume(open_source().read_project(PAY, None))
    (issue,), (log,) = streams["issues"], streams["changelogs"]
    rest = ODD.replace(b'"fields" : ', b'"fields":').replace(b', "new"', b',"new"')
    assert issue.payload == b'{"id":"1","changelog":{"maxResults":1,"total":1},' + rest + b"}"
    assert log.payload == b'{"issueId":"1","changeHistories":[{"id":"5","x":1.0E1,"items":[]}],"total":1}'


@pytest.mark.parametrize("odd", [b'{"id":"1","fields":[]}', b'"1"', b'{"id":"1","changelog":{"histories":3}}'])
def test_what_is_no_issue_is_told(fake, open_source, other_answer, odd):
    def search(_):
        raise other_answer(200, b'{"issues":[%s],"isLast":true}' % odd)

    fake.answers |= {"api/3/project/PAY/versions": [], "api/3/search/jql": search}
    with pytest.raises(ProtocolError, match=r"reading the issues of PAY: the answer .* could not be decoded: Expected"):
        consume(open_source().read_project(PAY, None))


def test_a_full_read_stays_within_sixteen_requests_per_thousand_issues(fake, open_source, issues):
    issues(2000, histories=11)
    read = open_source().read_project(PAY, None)
    streams, outcomes = consume(read)
    assert len(streams["issues"]) == len(streams["changelogs"]) == 2000
    assert all(len(log["changeHistories"]) == 11 for log in payloads(streams["changelogs"]))
    assert fake.counts()["POST api/3/search/jql"] == 20
    assert fake.counts()["POST api/3/changelog/bulkfetch"] == 4
    assert len(fake.seen) <= 16 * 2 + 6
    assert sum(outcome.requests for outcome in outcomes.values()) == len(fake.seen)
    assert outcomes["issues"].fetched == 2000


def test_the_search_asks_for_named_fields_in_a_bounded_ordered_query(fake, open_source, issues):
    issues(1)
    consume(open_source().read_project(PAY, None))
    body = next(request.body for request in fake.seen if request.path.endswith("search/jql"))
    assert body["jql"] == 'project = "PAY" ORDER BY created ASC, key ASC'
    assert body["maxResults"] == 100
    needed = {"summary", "customfield_10020", "customfield_10016", "customfield_10034", "customfield_10099"}
    assert needed <= set(body["fields"])
    assert "comment" not in body["fields"]
    assert "expand" not in body
    bulk = next(request.body for request in fake.seen if request.path.endswith("bulkfetch"))
    assert bulk == {"issueIdsOrKeys": ["1"], "maxResults": 10_000}


@pytest.mark.parametrize("serverzone", ["+0000", "+1400", "-1200"])
def test_an_incremental_read_asks_in_epoch_milliseconds_whatever_the_time_zone(fake, open_source, issues, serverzone):
    issues(1)
    source = open_source()
    fake.answers["api/2/serverInfo"] |= {"serverTime": f"2026-11-16T08:00:00.000{serverzone}"}
    read = source.read_project(PAY, None)
    consume(read)
    fake.seen.clear()
    consume(source.read_project(PAY, read.cursor))
    (search,) = [request for request in fake.seen if request.path.endswith("search/jql")]
    since = int((read.cursor.watermark.timestamp() - 600) * 1000)
    assert search.body["jql"] == f'project = "PAY" AND updated >= {since} ORDER BY updated ASC, key ASC'
    assert len(fake.seen) <= 5, "a few requests when little or nothing changed"


def test_the_watermark_is_the_servers_clock_at_the_start(open_source, issues):
    issues(1)
    read = open_source().read_project(PAY, None)
    assert read.cursor is None
    consume(read)
    assert read.cursor.watermark == datetime(2026, 11, 16, 8, tzinfo=UTC)


def test_new_fields_to_read_make_the_next_read_a_full_one(fake, open_source, issues):
    issues(1)
    read = open_source().read_project(PAY, None)
    consume(read)
    number = {"id": "customfield_10500", "name": "Effort", "schema": {"type": "number", "custom": "x:float"}}
    fake.answers["api/3/field"] = [*fake.answers["api/3/field"], number]
    fake.seen.clear()
    _, outcomes = consume(open_source().read_project(PAY, read.cursor))
    search = next(request for request in fake.seen if request.path.endswith("search/jql"))
    assert "updated >=" not in search.body["jql"]
    assert outcomes["issues"].details == {"incremental": False}


def test_project_keys_are_quoted(fake, open_source, issues):
    issues(1)
    fake.answers["api/3/project/A%22%5C/versions"] = []
    consume(open_source().read_project(ProjectRef("acme-jira", 'A"\\', "1", "x"), None))
    search = next(request for request in fake.seen if request.path.endswith("search/jql"))
    assert search.body["jql"].startswith('project = "A\\"\\\\" ORDER')


def test_an_issue_without_changes_has_an_empty_history(open_source, issues):
    issues(2, histories=0)
    streams, _ = consume(open_source().read_project(PAY, None))
    assert payloads(streams["changelogs"]) == [
        {"issueId": "1", "changeHistories": []}, {"issueId": "2", "changeHistories": []},
    ]


def test_histories_spread_over_pages_are_joined(fake, open_source, issues, monkeypatch):
    monkeypatch.setattr("itpm_pipeline.sources.jira.changelogs.CHANGELOG_PAGE", 7)
    issues(5, histories=6)
    streams, _ = consume(open_source().read_project(PAY, None))
    assert [len(log["changeHistories"]) for log in payloads(streams["changelogs"])] == [6] * 5
    assert fake.counts()["POST api/3/changelog/bulkfetch"] == 5


def test_a_repeated_changelog_token_is_an_error(fake, open_source, issues):
    issues(1)
    fake.answers["api/3/changelog/bulkfetch"] = {"issueChangeLogs": [], "nextPageToken": "again"}
    with pytest.raises(ProtocolError, match="same page token twice"):
        consume(open_source().read_project(PAY, None))


def test_a_history_nobody_asked_for_is_an_error(fake, open_source, issues):
    issues(1)
    fake.answers["api/3/changelog/bulkfetch"] = {"issueChangeLogs": [{"issueId": "99", "changeHistories": []}]}
    with pytest.raises(ProtocolError, match="issue 99, which was not asked for"):
        consume(open_source().read_project(PAY, None))


def test_an_issue_that_vanished_since_the_search_costs_only_itself(fake, open_source, issues):
    issues(300).vanished = {"123", "240"}
    streams, _ = consume(open_source().read_project(PAY, None))
    read = {record.native_id for record in streams["changelogs"]}
    assert read == {str(n) for n in range(1, 301)} - {"123", "240"}
    assert len(streams["issues"]) == 300
    assert fake.counts()["POST api/3/changelog/bulkfetch"] < 45


def test_a_site_that_refuses_all_histories_fails(fake, open_source, issues, other_answer):
    issues(300)

    def refuse(_):
        raise other_answer(400, {"errorMessages": ["maxResults is invalid"]})

    fake.answers["api/3/changelog/bulkfetch"] = refuse
    with pytest.raises(RefusedError, match="maxResults is invalid"):
        consume(open_source().read_project(PAY, None))
    assert fake.counts()["POST api/3/changelog/bulkfetch"] < 60


def test_work_logs_beyond_the_embedded_ones_are_read(fake, open_source, issues):
    def log(number):
        return {"id": str(number), "timeSpentSeconds": 60}

    site = issues(3)
    site.fields = {
        1: {"worklog": {"startAt": 0, "maxResults": 20, "total": 2, "worklogs": [log(1), log(2)]}},
        2: {"worklog": {"startAt": 0, "maxResults": 20, "total": 25, "worklogs": [log(n) for n in range(20)]}},
    }
    fake.answers["api/3/issue/2/worklog"] = lambda request: {
        "total": 25, "worklogs": [log(n) for n in range(int(request.query["startAt"]), 25)][:15],
    }  # fmt: skip
    streams, _ = consume(open_source().read_project(PAY, None))
    assert [(log["issueId"], len(log["worklogs"]), log["total"]) for log in payloads(streams["worklogs"])] == [
        ("1", 2, 2), ("2", 25, 25),
    ]
    assert fake.counts()["GET api/3/issue/2/worklog"] == 2


def test_remote_links_are_read_where_history_mentions_them(fake, open_source, issues):
    site = issues(3)
    site.items[2] = [{"field": "RemoteIssueLink", "fieldtype": "jira", "to": "1"}]
    site.items[3] = [{"field": "RemoteIssueLink", "fieldtype": "jira", "to": "2"}]
    links = [{"id": 1, "object": {"url": "https://github.com/acme/shop/issues/7"}}]
    fake.answers["api/3/issue/2/remotelink"] = links
    streams, _ = consume(open_source().read_project(PAY, None))
    assert payloads(streams["remote_links"]) == [{"issueId": "2", "remoteLinks": links}]
    assert sum("remotelink" in name for name in fake.counts()) == 2, "issue 3 vanished, issue 1 never had any"


def test_removed_search_fails_loudly(fake, open_source, issues, other_answer):
    issues(1)

    def gone(_):
        raise other_answer(410, {"errorMessages": ["The requested API has been removed."]})

    fake.answers["api/3/search/jql"] = gone
    with pytest.raises(RefusedError, match="has been removed") as caught:
        consume(open_source().read_project(PAY, None))
    assert caught.value.status == 410


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("api/3/project/PAY/versions", 404, "No project could be found with key 'PAY'."),
        ("api/3/search/jql", 400, "The value 'PAY' does not exist for the field 'project'."),
    ],
)
def test_a_hidden_project_is_skipped_with_its_reason(fake, open_source, issues, other_answer, path, status, message):
    issues(1)

    def hide(_):
        raise other_answer(status, {"errorMessages": [message]})

    fake.answers[path] = hide
    read = open_source().read_project(PAY, None)
    _, outcomes = consume(read)
    assert {outcome.status for outcome in outcomes.values()} == {OutcomeStatus.SKIPPED}
    assert message in outcomes["issues"].reason
    assert read.cursor is None


@pytest.mark.parametrize("path", ["api/3/project/PAY/versions", "api/3/search/jql"])
def test_a_refusal_that_is_not_how_jira_hides_a_project_fails(fake, open_source, issues, other_answer, path):
    issues(1)

    def forbid(_):
        raise other_answer(403, {"errorMessages": ["Forbidden"]})

    fake.answers[path] = forbid
    with pytest.raises(RefusedError, match="Forbidden"):
        consume(open_source().read_project(PAY, None))


def test_another_refused_query_fails(fake, open_source, issues, other_answer):
    issues(1)

    def refuse(_):
        raise other_answer(400, {"errorMessages": ["Field 'updated' does not exist"]})

    fake.answers["api/3/search/jql"] = refuse
    with pytest.raises(RefusedError):
        consume(open_source().read_project(PAY, None))


def test_an_archived_project_is_skipped_without_a_request(fake, open_source):
    read = open_source().read_project(ProjectRef("acme-jira", "OLD", "9", "Old", is_archived=True), None)
    streams, outcomes = consume(read)
    assert not streams
    assert not fake.seen
    assert {(one.status, one.reason) for one in outcomes.values()} == {(OutcomeStatus.SKIPPED, "archived")}


def test_projects_may_be_read_at_once(fake, open_source, issues):
    issues(250)
    source = open_source(concurrency=4)
    for n in range(6):
        fake.answers[f"api/3/project/P{n}/versions"] = []
    counts: dict[int, int] = {}

    def read(n: int) -> None:
        streams, _ = consume(source.read_project(ProjectRef("acme-jira", f"P{n}", str(n), "x"), None))
        counts[n] = len(streams["issues"])

    threads = [threading.Thread(target=read, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == dict.fromkeys(range(6), 250)


def test_ids_for_a_census_come_in_large_pages(fake, open_source, issues):
    issues(6000)
    assert len(list(open_source().issue_ids(PAY, Traffic()))) == 6000
    bodies = [request.body for request in fake.seen if request.path.endswith("search/jql")]
    assert [(body["fields"], body["maxResults"]) for body in bodies] == [(["id"], 5000), (["id"], 5000)]


def test_a_reading_given_up_halfway_leaves_no_cursor(open_source, issues):
    issues(2000)
    read = open_source().read_project(PAY, None)
    next(read.records)
    read.records.close()
    assert read.cursor is None
    assert read.outcomes == []


# --- Data Center --------------------------------------------------------------------------------------------------


@pytest.fixture
def center(fake):
    """A Data Center site with three issues; the changelog of the second one came in part."""
    entry = [{"id": str(n), "created": "2026-03-02T09:00:00.000+0000", "items": []} for n in range(3)]
    logs = {"1": (1, 1), "2": (1, 3), "3": (0, 0)}

    def search(request):
        start, size = request.body["startAt"], request.body["maxResults"]
        found = ["1", "2", "3"][start : start + size]
        listed = []
        for number in found:
            got, total = logs[number]
            log = {"startAt": 0, "maxResults": got, "total": total, "histories": entry[:got]}
            listed.append({"id": number, "key": f"PAY-{number}", "fields": {}, "changelog": log})
        return {"startAt": start, "maxResults": size, "total": 3, "issues": listed}

    info = {"version": "9.12.5", "deploymentType": "Server", "serverTime": "2026-11-16T08:00:00.000+0000"}
    fake.answers |= {
        "api/2/serverInfo": info,
        "api/2/field": fake.answers["api/3/field"], "api/2/project/PAY/versions": [], "api/2/search": search,
    }  # fmt: skip
    return entry


def test_histories_that_come_whole_are_taken_and_others_are_paged(fake, open_source, center):
    fake.answers["api/2/issue/2/changelog"] = lambda request: {
        "values": center[int(request.query["startAt"]) :][:2], "total": 3, "isLast": int(request.query["startAt"]) == 2,
    }  # fmt: skip
    streams, _ = consume(open_source(email=None, page_size=2).read_project(PAY, None))
    logs = {log["issueId"]: log for log in payloads(streams["changelogs"])}
    assert {number: (len(log["changeHistories"]), log["total"]) for number, log in logs.items()} == {
        "1": (1, 1), "2": (3, 3), "3": (0, 0),
    }
    assert fake.counts()["GET api/2/issue/2/changelog"] == 2
    assert payloads(streams["issues"])[1]["changelog"] == {"startAt": 0, "maxResults": 1, "total": 3}
    search = next(request.body for request in fake.seen if request.path.endswith("search"))
    assert search["expand"] == ["changelog"]


def test_a_history_the_server_cuts_is_landed_as_incomplete(open_source, center):
    streams, _ = consume(open_source(email=None).read_project(PAY, None))
    log = payloads(streams["changelogs"])[1]
    assert (len(log["changeHistories"]), log["total"]) == (1, 3)


# --- The site -----------------------------------------------------------------------------------------------------


def test_a_site_with_boards_of_all_kinds(site, open_source):
    read = open_source().read_site(None)
    streams, outcomes = consume(read)
    assert [record.native_id for record in streams["projects"]] == ["1", "2"]
    assert [record.native_id for record in streams["boards"]] == ["4", "5", "6", "7"]
    assert [record.native_id for record in streams["board_configurations"]] == ["4", "5", "7"]
    assert len(streams["sprints"]) == 120, "a sprint on two boards is landed once"
    told = {one["boardId"]: (one["support"], len(one["sprintIds"])) for one in payloads(streams["board_sprints"])}
    assert told == {4: ("supported", 120), 5: ("unsupported", 0), 6: ("denied", 0), 7: ("supported", 120)}
    assert sorted(outcomes["boards"].details["refused"]) == [
        "board/5/sprint", "board/6/configuration", "board/6/sprint", "board/7/project",
    ]
    assert {outcome.status for outcome in outcomes.values()} == {OutcomeStatus.OK}
    assert all(record.project == "_site" and record.fetched_at == NOW for found in streams.values() for record in found)
    board_requests = [name for name in site.counts().elements() if "/board/4/" in name]
    assert len(board_requests) <= 2 + 3
    search = next(request for request in site.seen if request.path.endswith("project/search"))
    assert search.queries["status"] == ["live", "archived"]


def test_a_clock_is_no_news(site, open_source):
    source = open_source()
    first = source.read_site(None)
    streams, _ = consume(first)
    assert len(streams["server_info"]) == 1
    site.answers["api/2/serverInfo"] = site.answers["api/2/serverInfo"] | {"serverTime": "2026-11-17T09:00:00.000+0100"}
    streams, _ = consume(source.read_site(first.cursor))
    assert "server_info" not in streams
    site.answers["api/2/serverInfo"] = site.answers["api/2/serverInfo"] | {"version": "1002.0.0"}
    streams, _ = consume(source.read_site(first.cursor))
    assert len(streams["server_info"]) == 1


def test_fields_listed_with_the_site_are_not_listed_again_for_each_project(site, open_source, issues):
    issues(1)
    source = open_source()
    consume(source.read_site(None))
    consume(source.read_project(PAY, None))
    consume(source.read_project(PAY, None))
    assert site.counts()["GET api/3/field"] == 1


def test_a_site_without_boards_is_told(site, open_source, other_answer):
    def missing(_):
        raise other_answer(404, b"")

    site.answers["agile/1.0/board"] = missing
    streams, outcomes = consume(open_source().read_site(None))
    assert "sprints" not in streams
    assert outcomes["sprints"].status is OutcomeStatus.SKIPPED
    assert outcomes["projects"].status is OutcomeStatus.OK


def test_boards_that_fail_otherwise_fail_the_reading(site, open_source, other_answer):
    def broken(_):
        raise other_answer(418, b"teapot")

    site.answers["agile/1.0/board/4/configuration"] = broken
    with pytest.raises(RefusedError, match="teapot"):
        consume(open_source().read_site(None))


def test_only_boards_of_admitted_projects_are_read(site, open_source):
    site.answers["agile/1.0/board"] = lambda request: {
        "values": [{"id": 4, "type": "scrum"}] if request.query.get("projectKeyOrId") == "PAY" else [], "isLast": True,
    }  # fmt: skip
    streams, _ = consume(open_source(projects=["PAY"]).read_site(None))
    assert [record.native_id for record in streams["boards"]] == ["4"]
    assert len(streams["projects"]) == 2


def test_discovery_orders_filters_and_marks(site, open_source):
    found = open_source().discover()
    assert [(one.partition, one.is_archived, one.skip_reason) for one in found] == [
        ("acme-jira:PAY", False, None), ("acme-jira:WEB", True, "archived"),
    ]
    assert [one.key for one in open_source(projects={"exclude": ["W*"]}).discover()] == ["PAY"]


def test_probe_tells_what_matters(site, open_source):
    probe = open_source().probe()
    assert (probe.deployment, probe.version, probe.account) == ("Cloud", "1001.0.0", "Reader (5b10a)")
    findings = dict(probe.findings)
    assert findings["projects"] == "2 visible"
    assert findings["sprint field"] == "sprint (customfield_10020)"
    assert findings["points fields"] == "story point estimate (customfield_10016), story points (customfield_10034)"
    assert findings["board 4 (B4)"].startswith("counts issues")
    assert "no permission" in findings["board/6/configuration"]

