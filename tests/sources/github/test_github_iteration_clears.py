"""From the API to the mart: an edit of the iterations that clears values is not taken for people leaving the sprint."""

import copy
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from github_nodes import issue_node, item_node, listed, project_node, value

from itpm_pipeline.cli.build import build_and_publish
from itpm_pipeline.config import Settings
from itpm_pipeline.extract.source import Depth
from itpm_pipeline.ingest.progress import Silent
from itpm_pipeline.ingest.sync import sync
from itpm_pipeline.warehouse.duckdb import working_path

pytestmark = pytest.mark.slow

GH = "github:acme-gh:"
OLD, RENEWED = f"{GH}iteration:PVTIF_1:i1", f"{GH}iteration:PVTIF_1:n1"
LATER = "2026-11-16T09:00:00Z"


class Company:
    """An organisation with one project and three issues in its first sprint, synced into a warehouse."""

    def __init__(self, organisation: Any, settings: Settings) -> None:
        self.organisation, self.settings = organisation, settings
        organisation.projects = [project_node(1)]
        organisation.issues = [issue_node(number, createdAt="2026-03-01T00:00:00Z") for number in (1, 2, 3)]
        organisation.items = {"PVT_1": [item_node(number) for number in (1, 2, 3)]}
        for number in (1, 2, 3):
            self.plan(number, "i1")

    def plan(self, number: int, iteration: str | None, at: str = "2026-03-01T12:00:00Z") -> None:
        """Give an item an iteration, or take it away; the project moves."""
        values = [value("Iteration", "PVTIF_1", at, iterationId=iteration)] if iteration else []
        self.organisation.items["PVT_1"][number - 1] |= {"fieldValues": listed(*values), "updatedAt": at}
        self.organisation.projects[0]["updatedAt"] = at

    def edit_iterations(self) -> None:
        """Somebody edits the list: every iteration gets a new id, and all items lose theirs without being touched."""
        configuration = self.organisation.projects[0]["fields"]["nodes"][-1]["configuration"]
        for kind in ("iterations", "completedIterations"):
            configuration[kind] = [{**one, "id": one["id"].replace("i", "n")} for one in configuration[kind]]
        for item in self.organisation.items["PVT_1"]:
            item["fieldValues"] = listed()
        self.organisation.projects[0]["updatedAt"] = LATER

    def sync(self, depth: Depth = Depth.CHANGES) -> None:
        assert sync(self.settings, depth=depth).failed == []

    def members(self) -> dict[str, tuple[str, bool, str]]:
        """(sprint, still in it, provenance) by issue."""
        _, publication = build_and_publish(self.settings, select=["+int_sprint_membership"], progress=Silent())
        with duckdb.connect(publication.place, read_only=True) as connection:
            rows = connection.execute(
                "select issue_id, sprint_id, valid_to is null, provenance from int.int_sprint_membership"
            ).fetchall()
        return {issue.removeprefix(GH): tuple(rest) for issue, *rest in rows}


@pytest.fixture
def company(organisation, fake, tmp_path: Path) -> Company:
    fake.handlers["GET /orgs/acme/repos"] = lambda _: (200, {"Date": "Mon, 16 Nov 2026 08:00:00 GMT"}, [{
        "full_name": "acme/checkout", "name": "checkout", "node_id": "R_1", "has_issues": True}])  # fmt: skip
    return Company(organisation, Settings.model_validate({
        "warehouse": {"url": f"duckdb:///{tmp_path}/warehouse.duckdb"}, "landing": {"url": f"{tmp_path}/landing"},
        "trackers": [{"kind": "github", "name": "acme-gh", "url": fake.url, "token": "t", "organizations": ["acme"]}],
    }))  # fmt: skip


def test_members_of_a_past_sprint_stay_when_its_iterations_are_edited(company):
    company.sync()
    company.plan(3, None, "2026-11-16T07:55:00Z")
    company.sync()
    company.edit_iterations()
    for depth in (Depth.CHANGES, Depth.RECONCILE, Depth.FULL):  # reading it all again takes nobody out either
        company.sync(depth)
    kept = (RENEWED, True, "kept_after_clear")
    assert company.members() == {"I_1": kept, "I_2": kept, "I_3": (RENEWED, False, "field_value_updated_at")}


def test_the_list_of_iterations_is_observed_with_its_changes(company):
    company.sync()
    before = copy.deepcopy(company.organisation.projects[0]["fields"]["nodes"][-1]["configuration"])
    company.edit_iterations()
    company.sync()
    with duckdb.connect(working_path(company.settings.warehouse.url), read_only=True) as connection:
        rows = connection.execute(
            "select value, previous_read_at is null from core.field_observation"
            " where entity_kind = 'board' and field = 'iterations' order by observed_at"
        ).fetchall()
    assert len(before["iterations"]) + len(before["completedIterations"]) == 2
    assert [(json.loads(found), is_first) for found, is_first in rows] == [
        ([OLD, OLD.replace("i1", "i2")], True), ([RENEWED, RENEWED.replace("n1", "n2")], False)]
