"""Critical paths, circles, reach and hand-offs through the models: G1 to G3 of METRICS.md, and what counts for whom."""

from datetime import date, timedelta

from built_models import Build
from dependency_links import Links
from event_log import Issue, at

from itpm_pipeline.analytics.dependency.asked import path_to

AS_OF = at("03-02T08")
"""A Monday."""
HOUR = 3600
PATH, SCOPE, NODE, RISK = (
    f"mart.mart_{name}" for name in ("critical_path", "critical_path_scope", "dependency_node", "dependency_risk")
)


class Network(Links):
    """Issues that take a told number of working days, and edges between them."""

    def __init__(self) -> None:
        super().__init__()
        for number in range(-60, 400):
            day = AS_OF.date() + timedelta(days=number)
            self.add("calendar_day", calendar_id="default", date=day, is_working=day.isoweekday() < 6,
                     working_seconds=8 * HOUR if day.isoweekday() < 6 else 0)

    def work(self, days: dict[str, float], edges: str, **extra: object) -> None:
        for name, length in days.items():
            self.issue(f"PAY-{name}", remaining_seconds=int(length * 8 * HOUR), **extra)
        for pair in edges.split(","):
            blocker, blocked = pair.split("→")
            self.wait(blocker, blocked)

    def wait(self, blocker: str, blocked: str, confidence: float = 1.0) -> None:
        ends: list[Issue | str] = [self.issues.get(f"PAY-{name}", f"SECRET-{name}") for name in (blocker, blocked)]
        self.link(self.issues[f"PAY-{blocked}"], *ends, ref=f"{blocker}>{blocked}", confidence=confidence)


def test_g1_critical_path(build_models: Build) -> None:
    log = Network()
    log.program("PAYMENTS", ["PAY"], target_date=date(2026, 3, 17))
    log.work({"A": 3, "B": 2, "C": 5, "D": 4, "E": 1}, "A→B,A→C,B→D,C→D")
    log.issues["PAY-B"].set("due_date", "03-01", "2026-03-05")
    log.issues["PAY-D"].set("due_date", "03-01", "2026-03-20")
    built = build_models(log, as_of=AS_OF)
    rows = {row["issue_key"][4:]: row for row in built.rows(PATH)}
    numbers = ("early_start_days", "early_finish_days", "late_start_days", "late_finish_days", "total_slack_days",
               "free_slack_days")  # fmt: skip
    assert {name: tuple(row[one] for one in numbers) for name, row in rows.items()} == {
        "A": (0, 3, 0, 3, 0, 0), "B": (3, 5, 6, 8, 3, 3), "C": (3, 8, 3, 8, 0, 0), "D": (8, 12, 8, 12, 0, 0),
        "E": (0, 1, 11, 12, 11, 11),
    }  # fmt: skip
    assert {name: row["path_no"] for name, row in rows.items() if row["is_critical"]} == {"A": 1, "C": 2, "D": 3}
    assert {row["criticality_index"] for row in rows.values() if row["is_critical"]} == {1.0}
    assert {row["duration_basis"] for row in rows.values()} == {"remaining_estimate"}
    # Today is Monday the 2nd; the 12th working day after it is Wednesday the 18th.
    assert (rows["A"]["start_date"], rows["A"]["finish_date"]) == (date(2026, 3, 2), date(2026, 3, 5))
    assert (rows["D"]["start_date"], rows["D"]["finish_date"]) == (date(2026, 3, 12), date(2026, 3, 18))
    assert (rows["B"]["due_slack_days"], rows["D"]["due_slack_days"], rows["E"]["due_slack_days"]) == (-2, 2, None)
    scope = built.one(SCOPE, "scope_key = 'PAYMENTS'")
    assert (scope["scope_days"], scope["finish_date"], scope["critical_count"]) == (12, date(2026, 3, 18), 3)
    assert (scope["scope_p50_days"], scope["scope_p85_days"], scope["is_late"]) == (12, 12, True)


def test_g2_a_circle_and_an_unknown_blocker(build_models: Build) -> None:
    log = Network()
    log.work({"P": 2, "Q": 3, "R": 4, "S": 5}, "P→Q,Q→R,R→S,X→S")
    log.wait("R", "Q", confidence=0.7)
    built = build_models(log, as_of=AS_OF, metrics={"dependency": {"default_duration_days": 10}})
    rows = {row["issue_key"][-1]: row for row in built.rows(PATH)}
    assert {name: row["total_slack_days"] for name, row in rows.items()} == {"P": 1, "Q": 1, "R": 1, "X": 0, "S": 0}
    assert rows["Q"]["circle_issue_id"] == rows["R"]["circle_issue_id"] == log.issues["PAY-Q"].issue_id
    assert (rows["X"]["is_placeholder"], rows["X"]["duration_basis"], rows["X"]["is_in_scope"]) == (
        True, "default", False
    )  # fmt: skip
    scope = built.one(SCOPE, "true")
    assert (scope["scope_days"], scope["cycle_count"], scope["placeholder_count"]) == (15, 1, 1)
    circle = built.one("mart.mart_dependency_cycle", "true")
    assert (circle["member_keys"], circle["member_count"], circle["edge_count"]) == ("PAY-Q, PAY-R", 2, 2)
    assert (circle["project_refs"], circle["duration_days"]) == ("acme:PAY", 7)
    assert (circle["cut_blocker_key"], circle["cut_blocked_key"], circle["cut_confidence"]) == ("PAY-R", "PAY-Q", 0.7)
    in_circle = {(row["blocker_key"], row["blocked_key"]) for row in built.rows(RISK, "is_in_cycle")}
    assert in_circle == {("PAY-Q", "PAY-R"), ("PAY-R", "PAY-Q")}


def test_g3_blast_radius(build_models: Build) -> None:
    log = Network()
    log.program("PAYMENTS", ["PAY"])
    log.program("SHOP", [log.project("WEB").rpartition(":")[2]])
    log.work(dict.fromkeys("ABCD", 1), "A→B,B→C,A→D,D→C", points=2.0)
    log.issue("PAY-E", project="WEB")
    log.issue("PAY-F")
    log.wait("C", "E")
    log.wait("F", "C")
    log.issue("PAY-G").move("02-25", "done")
    log.wait("G", "A")
    rows = {row["issue_key"][4:]: row for row in build_models(log, as_of=AS_OF).rows(NODE)}
    assert {name: row["blast_radius"] for name, row in rows.items()} == {
        "A": 4, "B": 2, "C": 1, "D": 2, "E": 0, "F": 2
    }, "G8: what waits for a finished issue waits for nothing"  # fmt: skip
    a = rows["A"]
    assert (a["fan_in"], a["fan_out"], a["depth"], rows["C"]["fan_in"]) == (0, 2, 3, 3)
    assert (a["blast_points"], a["blast_projects"], a["blast_programs"]) == (6, 2, 2)
    assert not any(row["in_cycle"] for row in rows.values())


def test_releases_have_their_own_path_through_what_they_wait_for(build_models: Build) -> None:
    log = Network()
    log.project("WEB")
    log.program("PAYMENTS", ["PAY"])
    for number, released in (("1", False), ("2", True)):
        log.add("release_version", version_id=f"v{number}", project_id="jira:acme:project:PAY", kind="jira_version",
                name=f"R{number}", released=released, release_date=date(2026, 3, 4))
    log.work({"A": 3, "B": 2, "C": 9}, "A→B")
    log.issues["PAY-A"].now["project"] = "jira:acme:project:WEB"
    for version in ("v1", "v2"):
        log.add("issue_version", issue_id=log.issues["PAY-B"].issue_id, version_id=version)
    built = build_models(log, as_of=AS_OF)
    rows = built.rows(PATH, "scope_type = 'release'")
    assert {(row["scope_key"], row["issue_key"], row["is_in_scope"], row["path_no"]) for row in rows} == {
        ("acme:PAY R1", "PAY-A", False, 1), ("acme:PAY R1", "PAY-B", True, 2)
    }  # fmt: skip
    scope = built.one(SCOPE, "scope_type = 'release'")
    assert (scope["own_issue_count"], scope["outside_issue_count"], scope["is_late"]) == (1, 1, True)
    programs = {row["scope_key"]: row["scope_days"] for row in built.rows(SCOPE, "scope_type = 'program'")}
    assert programs == {"PAYMENTS": 9, "(unassigned)": 3}


def test_what_nobody_planned_is_computed_and_only_plans_conflict(build_models: Build) -> None:
    log = Network()
    log.program("PAYMENTS", ["PAY"])
    log.work({"A": 3, "B": 2, "C": 1, "D": 1}, "A→B,C→D")
    log.issues["PAY-B"].set("start_date", "03-01", "2026-03-04")
    log.issues["PAY-C"].set("due_date", "03-01", "2026-03-30")
    rows = {row["blocker_key"]: row for row in build_models(log, as_of=AS_OF).rows(RISK)}
    late, unplanned = rows["PAY-A"], rows["PAY-C"]
    assert (late["planned_finish_at"], late["planned_finish_basis"]) == (at("03-06"), "critical_path")
    assert (late["schedule_conflict"], late["conflict_days"]) == (True, 2)
    assert (late["is_on_critical_path"], late["severity"]) == (True, 3)
    assert (unplanned["planned_start_at"], unplanned["planned_start_basis"]) == (at("03-03"), "critical_path")
    assert (unplanned["schedule_conflict"], unplanned["severity"]) == (False, 1)


def test_an_epic_waits_as_its_stories_do(build_models: Build) -> None:
    log = Network()
    log.program("PAYMENTS", ["PAY"])
    epic = log.issue("PAY-EPIC", kind="epic")
    log.work({"A": 3, "B": 2}, "A→EPIC" )
    log.issues["PAY-B"].set("parent", "02-21", epic.issue_id)
    epic.set("start_date", "03-01", "2026-03-02")
    built = build_models(log, as_of=AS_OF)
    rows = {row["issue_key"]: row["early_start_days"] for row in built.rows(PATH)}
    assert rows == {"PAY-A": 0, "PAY-B": 3}, "containers are not worked on"
    risk = built.one(RISK, "true")
    assert (risk["schedule_conflict"], risk["is_on_critical_path"], risk["blocked_key"]) == (True, True, "PAY-EPIC")
    assert built.one("int.int_schedule_node", "is_container")["early_finish_days"] == 5


def test_the_path_to_any_issue_can_be_asked_for(build_models: Build) -> None:
    log = Network()
    log.program("PAYMENTS", ["PAY"])
    log.work({"A": 3, "B": 2, "C": 9, "D": 1}, "A→B,C→D,B→D")
    built = build_models(log, as_of=AS_OF)
    driver = built.connection.connection.driver_connection

    class Stored:
        def __init__(self, schema: str, name: str) -> None:
            self.name = f'"{schema}"."{name}"'

        def arrow(self) -> object:
            return driver.execute(f"select * from {self.name}").to_arrow_table()

    rows = path_to(Stored, ["PAY-B"])
    assert [(row["issue_key"], row["path_no"], row["is_in_scope"]) for row in rows] == [
        ("PAY-A", 1, False), ("PAY-B", 2, True)
    ]  # fmt: skip
    assert [row["criticality_index"] for row in rows] == [1.0, 1.0]
    assert rows[1]["finish_date"] == built.one("int.int_schedule_node", "issue_key = 'PAY-B'")["finish_date"]
    assert path_to(Stored, ["PAY-NONE"]) == []
