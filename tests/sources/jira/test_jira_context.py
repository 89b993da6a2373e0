"""Which fields play which role, and when everything must be mapped anew."""

from itpm_pipeline.sources.jira.fields import find_roles


def test_roles_follow_schemas_not_names(desk):
    roles = desk.context.roles
    assert roles.sprint == ("customfield_10020",)
    assert roles.epic_link == ("customfield_10014",)
    assert roles.flagged == ("customfield_10021",)
    assert roles.team == ("customfield_10001",)
    assert roles.start_date == ("customfield_10015",)
    assert roles.points_by_name == ("customfield_10016", "customfield_10034")


def test_all_number_fields_are_read():
    number = {"type": "number", "custom": "x:float"}
    fields = [{"id": f"customfield_{i}", "name": f"N{i}", "schema": number} for i in (10, 9)]
    system = {"id": "workratio", "schema": {"type": "number", "system": "workratio"}}
    roles = find_roles([*fields, system, {"name": "?"}])
    assert roles.numbers == ("customfield_9", "customfield_10")
    assert roles.to_read[-2:] == ["customfield_9", "customfield_10"]
    assert "comment" not in roles.to_read
    assert "issuelinks" in roles.to_read


def test_settings_of_the_program_file_win(desk):
    desk.settings = {"team_field": "customfield_1", "start_date_field": "customfield_2"}
    assert desk.context.roles.team == ("customfield_1",)
    assert desk.context.roles.start_date == ("customfield_2",)


def test_points_of_a_project_are_in_the_field_of_its_own_boards_first(desk):
    desk.board(3, "customfield_10016", (10001, "PAY"), kind="kanban")
    desk.board(4, "customfield_10034", (10001, "PAY"))
    desk.board(5, "customfield_10016", (10002, "WEB"))
    desk.board(6, None, (10003, "OPS"))
    desk.board(7, "timeoriginalestimate", (10004, "SEC"))
    context = desk.context
    assert context.points_fields == ("customfield_10016", "customfield_10034")
    assert context.points_fields_of("10001") == ("customfield_10034", "customfield_10016")
    assert context.points_fields_of("PAY") == context.points_fields_of("10001")
    for other in ("10002", "10003", "10004", "10099"):
        assert context.points_fields_of(other) == ("customfield_10016", "customfield_10034")


def test_the_fingerprint_changes_with_what_decides_the_mapping_of_issues(desk):
    desk.board(4, "customfield_10034", (10001, "PAY"))
    first = desk.context.fingerprint
    assert desk.context.fingerprint == first
    desk.board(8, "customfield_10034", (10001, "PAY"))
    desk.refer("sprints", 99, {"id": 99})
    assert desk.context.fingerprint == first, "another board of the same kind, or a sprint, changes no issue"
    desk.reference.reverse()
    assert desk.context.fingerprint == first, "the order of records means nothing"
    seen = {first}
    for change in ({"team_field": "customfield_1"}, {"incident_types": ["Outage"]}, {"risk_types": ["Peril"]}):
        desk.settings = change
        seen.add(desk.context.fingerprint)
    desk.settings = {}
    desk.board(9, "customfield_10099", (10001, "PAY"))
    seen.add(desk.context.fingerprint)
    assert len(seen) == 5
