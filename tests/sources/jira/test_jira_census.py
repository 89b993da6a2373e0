"""What became of issues, sprints and releases that a list of Jira does not show any more."""

import pytest

from itpm_pipeline.canonical.vocabulary import AbsenceReason, EntityKind
from itpm_pipeline.errors import RefusedError
from itpm_pipeline.extract.client import Traffic
from itpm_pipeline.extract.records import ProjectRef
from itpm_pipeline.extract.source import Whereabouts

PAY = ProjectRef("acme-jira", "PAY", "10001", "Payments")
GONE = {"deleted": AbsenceReason.DELETED, "hidden": AbsenceReason.PERMISSION_LOST}


def where(source, *numbers: int) -> dict[str, Whereabouts]:
    missing = {str(number): f"PAY-{number}" for number in numbers}
    return {found.native_id: found for found in source.find_issues(PAY, missing, Traffic())}


def issue(number: int, project: str = "10001") -> dict:
    return {"id": str(number), "key": f"X-{number}", "fields": {"project": {"id": project}}}


@pytest.fixture
def cloud(fake, other_answer):
    """Issues 1 to 150 are there, the even ones in another project; what is not is in no list, as documented."""

    def fetch(request):
        asked = request.body["issueIdsOrKeys"]
        if len(asked) > 100:
            raise other_answer(400, {"errorMessages": ["too many"]})
        found = [issue(int(n), "10001" if int(n) % 2 else "10002") for n in asked if int(n) <= 150]
        return {"issues": found, "issueErrors": []}

    fake.answers |= {
        "api/3/issue/bulkfetch": fetch,
        "api/3/mypermissions": {"permissions": {"BROWSE_PROJECTS": {"havePermission": True}}},
    }
    return fake


def test_issues_are_asked_for_a_hundred_at_a_time(cloud, open_source):
    found = where(open_source(), *range(1, 201))
    assert len(found) == 200
    assert found["1"] == Whereabouts("1", project="10001")
    assert found["2"] == Whereabouts("2", project="10002")
    assert found["151"] == Whereabouts("151", reason=AbsenceReason.DELETED)
    assert cloud.counts()["POST api/3/issue/bulkfetch"] == 2
    assert len([request for request in cloud.seen if request.path.endswith("mypermissions")]) == 1


def test_where_we_may_not_browse_the_project_nothing_is_said_to_be_deleted(cloud, open_source, other_answer):
    cloud.answers["api/3/mypermissions"] = {"permissions": {"BROWSE_PROJECTS": {"havePermission": False}}}
    assert where(open_source(), 151)["151"].reason is AbsenceReason.PERMISSION_LOST

    def unknown(_):
        raise other_answer(404, {"errorMessages": ["No project could be found"]})

    cloud.answers["api/3/mypermissions"] = unknown
    assert where(open_source(), 151)["151"].reason is AbsenceReason.PERMISSION_LOST


def test_issues_the_server_had_trouble_with_are_asked_for_again(cloud, open_source):
    cloud.answers["api/3/issue/bulkfetch"] = {
        "issues": [], "issueErrors": [{"id": "7", "errorMessage": "try again"}, {"id": "8"}, {"id": "999"}],
    }
    cloud.answers["api/3/issue/7"] = issue(7)
    found = where(open_source(), 7, 8, 9)
    assert found["7"].project == "10001"
    assert {found[number].reason for number in "89"} == {AbsenceReason.DELETED}
    assert "GET api/3/issue/999" not in cloud.counts(), "nobody asked for it"
    assert "GET api/3/issue/9" not in cloud.counts()


def test_a_server_that_fails_says_nothing_of_any_issue(cloud, open_source, other_answer):
    def refuse(_):
        raise other_answer(400, {"errorMessages": ["no"]})

    cloud.answers["api/3/issue/bulkfetch"] = refuse
    with pytest.raises(RefusedError):
        where(open_source(), 7)


def test_data_center_is_asked_for_each_issue(fake, open_source):
    fake.answers["api/2/serverInfo"] |= {"deploymentType": "Server", "version": "9.12.0"}
    fake.answers |= {
        "api/2/issue/7": issue(7), "api/2/issue/8": issue(80),
        "api/2/mypermissions": {"permissions": {"BROWSE_PROJECTS": {"havePermission": True}}},
    }
    found = where(open_source(email=None), 7, 8, 9)
    assert found["7"].project == "10001"
    assert {found[number].reason for number in "89"} == {AbsenceReason.DELETED}, "8 is answered with another issue"


@pytest.mark.parametrize(("kind", "path"), [
    (EntityKind.SPRINT, "agile/1.0/sprint"), (EntityKind.VERSION, "api/3/version"),
])
def test_only_what_is_not_found_is_gone(fake, open_source, other_answer, kind, path):
    def forbid(_):
        raise other_answer(403, {"errorMessages": ["not for you"]})

    fake.answers |= {f"{path}/1": {"id": 1}, f"{path}/2": forbid}
    assert open_source().existing(kind, {"1", "2", "3"}, Traffic()) == {"1", "2"}


def test_projects_are_there_when_they_are_listed_whatever_the_settings_include(fake, open_source):
    fake.answers["api/3/project/search"] = {
        "values": [{"id": "1", "key": "PAY"}, {"id": "2", "key": "OLD", "archived": True}], "isLast": True,
    }
    source = open_source(projects=["PAY"])
    assert source.existing(EntityKind.PROJECT, {"1", "2", "3"}, Traffic()) == {"1", "2"}
    assert [project.key for project in source.discover()] == ["PAY"]


def test_single_issues_are_read_with_their_histories(cloud, open_source):
    cloud.answers["api/3/changelog/bulkfetch"] = {"issueChangeLogs": []}
    read = open_source().read_issues(PAY, ["1", "151"])
    assert [(record.stream, record.native_id) for record in read.records] == [("issues", "1"), ("changelogs", "1")]
    fields = next(request.body["fields"] for request in cloud.seen if request.path.endswith("issue/bulkfetch"))
    assert {"summary", "customfield_10020"} <= set(fields)
