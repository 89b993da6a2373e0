"""The parts of the benchmarks: what is recorded, replayed, changed and shown."""

import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from bench.__main__ import main
from bench.figures import Figure, figures_of, figures_table
from bench.forecast import bench_forecast
from bench.job import JobBench
from bench.measure import Spread, isolated
from bench.models import core_tables
from bench.replay import recorded, replay
from bench.scale import densify, multiply
from bench.sync import FullSync, LaterSync, SyncBench, Traffic
from bench.table import table
from itpm_pipeline.modeling.project import load_project
from itpm_pipeline.warehouse.engine import open_warehouse


class Site:
    """A server that notes what it is asked, and how much at a time."""

    def __init__(self) -> None:
        self.asked: Counter[tuple[str, str, bytes, str | None]] = Counter()
        self.status = 200
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.do_POST()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                with site.lock:
                    site.asked[self.command, self.path, body, self.headers.get("Authorization")] += 1
                    site.at_once += 1
                    site.most_at_once = max(site.most_at_once, site.at_once)
                threading.Event().wait(0.02)
                with site.lock:
                    site.at_once -= 1
                self.send_response(site.status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.name = f"127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def site():
    site = Site()
    yield site
    site.close()


def ask(site: Site, pages: int) -> list:
    with recorded() as sent, requests.Session() as session:
        for page in range(pages):
            session.get(f"http://{site.name}/list", params={"page": page}, auth=("ann", "secret"))
        session.post(f"http://{site.name}/search", json={"query": "ä"})
    return sent


def test_a_replay_sends_the_same_requests_no_more_at_a_time_than_told(site):
    sent = ask(site, 12)
    before, site.asked, site.most_at_once = site.asked, Counter(), 0
    assert replay(sent, {site.name: 3})() == 13 * len(b"{}")
    assert site.asked == before
    assert 1 < site.most_at_once <= 3


def test_requests_are_recorded_only_inside_of_the_block(site):
    sent = ask(site, 1)
    requests.get(f"http://{site.name}/afterwards", timeout=5)
    assert [(one.method, one.status) for one in sent] == [("GET", 200), ("POST", 200)]


def test_a_replay_that_is_answered_differently_is_no_floor(site):
    sent = ask(site, 1)
    site.status = 429
    with pytest.raises(RuntimeError, match="HTTP 429, and 200 before"):
        replay(sent, {site.name: 1})()


def doubling(number: int):
    block = bytearray(200 * 2**20)
    return lambda: number * 2 + len(block) - len(block)


def test_a_measurement_runs_in_a_process_of_its_own_and_excludes_preparations():
    measured = isolated(doubling, 21)
    assert measured.value == 42
    assert measured.memory_before >= 200 * 2**20
    assert measured.wall < 1 > measured.cpu


def test_the_spread_of_measurements():
    assert Spread.of([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0)


def test_core_tables_are_found_through_models_between():
    project = load_project()
    tables = core_tables(project, ["mart_team_sprint_velocity"])
    assert {"issue", "sprint", "issue_field_event"} <= set(tables)
    assert ("core", "issue_field_event") not in project.model("mart_team_sprint_velocity").declared.sources


def bench_of(thousands: float, memory: float, ratio: float = 2.0) -> SyncBench:
    once = Spread(1.0, 1.0, 1.0)
    issues = round(1000 * thousands)
    return SyncBench(
        issues, 0,
        [FullSync(latency, once, once, Spread(ratio, 1, 9), once, once, once, once, memory, 1.0) for latency in (0, 7)],
        [LaterSync("nothing changed", 0, 1, 1, 100, 0, 0, 1), LaterSync("200 changed", 200, 1, 1, 304, 0, 0, 1)],
        [Traffic("jira", issues, 0, 10, 5, 16 * int(thousands) + 81, 0, 0, 0, 0),
         Traffic("github", issues, issues, 1, 1, 50 * int(thousands), 0, 241 * int(thousands), 0, 0)],
    )  # fmt: skip


def test_figures_are_held_up_to_their_bound():
    figures = figures_of([bench_of(20, 100.0), bench_of(100, 151.0, ratio=4.5)])
    assert [(one.measured, one.bound, one.is_held) for one in figures] == [
        (2.0, 4.0, True), (401, 400, False), (25, 25, True), (120.5, 120, False), (100, 90, False), (304, 304, True),
        (4.5, 4.0, False), (1681, 1680, False), (25, 25, True), (120.5, 120, False), (100, 90, False),
        (304, 304, True), (1.51, 1.5, False),
    ]  # fmt: skip


def test_the_table_of_figures_says_which_are_not_held():
    lines = figures_table([Figure("wall", 4.01, 4, 3), Figure("points", 4, 4)]).splitlines()[4:]
    assert [line.split() for line in lines] == [["wall", "4.01", "4.00", "3", "NO"], ["points", "4.00", "4.00", "yes"]]


@pytest.mark.parametrize(("overhead", "said"), [(9.9, "within 10 s: yes"), (10.1, "within 10 s: NO")])
def test_the_overhead_of_the_job_has_a_bound(overhead, said):
    two = {"itpm sync": Spread.of([2.0]), "job": Spread.of([2.0 + overhead])}
    found = JobBench(two, two, Spread.of([1.0, overhead, 60.0]), Spread.of([3.0]))
    assert said in found.to_text()
    assert found.to_json()["is_held"] is (overhead < 10)


def test_a_table_aligns_numbers_and_leaves_gaps():
    lines = table("Title", ("name", "count", "seconds"), [("a", 12345, 1.5), ("long name", None, 0.123)]).splitlines()
    assert lines == [
        "Title",
        "",
        "name        count  seconds",
        "---------  ------  -------",
        "a          12,345     1.50",
        "long name             0.12",
    ]


def test_copies_of_a_company_keep_to_themselves(tmp_path):
    warehouse = open_warehouse(f"duckdb:///{tmp_path}/warehouse.duckdb")
    warehouse.prepare()
    with warehouse.hold(), warehouse.transaction() as connection:
        sql = connection.exec_driver_sql
        sql("insert into core.issue (issue_id, instance, issue_key) values ('jira:acme:1', 'acme', 'PAY-1')")
        sql("insert into core.sprint (sprint_id, instance, name) values ('jira:acme:sprint:3', 'acme', 'One')")
        sql("insert into core.program_project (program_id, project_ref, instance, valid_from) values "
            "('program:P', 'acme:PAY', 'config', '2026-01-01')")  # fmt: skip
        sql("insert into core.calendar_day (calendar_id, date) values ('default', '2026-01-01')")
        sql("insert into core.issue_field_event "
            "(issue_id, source_event_id, item_ordinal, field, from_raw, to_raw, occurred_at) values "
            "('jira:acme:1', '7', 0, 'sprint', null, 'jira:acme:sprint:3', '2026-01-01'), "
            "('jira:acme:1', '8', 0, 'key', 'OLD-1', 'PAY-1', '2026-01-02')")  # fmt: skip
        multiply(connection, ["acme"], 3)
        assert {tuple(row) for row in sql("select issue_id, instance, issue_key from core.issue")} == {
            ("jira:acme:1", "acme", "PAY-1"), ("jira:acme-1:1", "acme-1", "PAY-1"),
            ("jira:acme-2:1", "acme-2", "PAY-1"),
        }  # fmt: skip
        assert {tuple(row) for row in sql("select program_id, project_ref from core.program_project")} == {
            ("program:P", "acme:PAY"), ("program:P-1", "acme-1:PAY"), ("program:P-2", "acme-2:PAY"),
        }  # fmt: skip
        assert sql("select count(*) from core.calendar_day").scalar() == 1
        densify(connection)
        history = sql("select from_raw, to_raw from core.issue_field_event where issue_id = 'jira:acme-2:1' "
                      "order by occurred_at")  # fmt: skip
        assert [tuple(row) for row in history] == [
            (None, "jira:acme-2:sprint:3"), ("jira:acme-2:sprint:3", None), (None, "jira:acme-2:sprint:3"),
            ("OLD-1", "PAY-1"),
        ]  # fmt: skip


def test_forecasts_are_measured_against_drawing_numbers():
    found = bench_forecast(1)
    assert found.scopes == 1
    assert found.cpu > 0 < found.floor_cpu
    assert "CPU to draw alone" in found.to_text()


def test_a_benchmark_that_is_not_there_is_told(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["sync", "speed"])
    assert "no benchmark is called speed" in capsys.readouterr().err
