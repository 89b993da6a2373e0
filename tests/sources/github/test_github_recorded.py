"""What GitHub really answered, recorded by github-project (gr2m): 173 exchanges about Projects v2."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from itpm_pipeline.canonical.rows import CanonicalRows
from itpm_pipeline.config import GithubTracker
from itpm_pipeline.errors import TrackerError
from itpm_pipeline.extract.client import Client, Traffic
from itpm_pipeline.extract.records import RawRecord
from itpm_pipeline.sources.github.context import GithubContext
from itpm_pipeline.sources.github.mapping import map_record
from itpm_pipeline.sources.github.session import GithubSession

pytestmark = pytest.mark.realdata

NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)
TRACKER = GithubTracker(name="gh", kind="github", url="https://api.github.com", token="t", estimate_fields=("Number",),
                        status_field="Single select")  # fmt: skip


@pytest.fixture(scope="module")
def exchanges(shared) -> list[dict[str, Any]]:
    folders = sorted((shared / "realdata" / "gr2m-projectsv2" / "recorded").iterdir())
    read = [one for folder in folders for one in json.loads((folder / "fixtures.json").read_text(encoding="utf-8"))]
    assert len(read) == 173
    return read


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in an answer."""
    if isinstance(value, dict):
        yield value
        for part in value.values():
            yield from objects(part)
    elif isinstance(value, list):
        for part in value:
            yield from objects(part)


def projects_in(answer: Any) -> list[dict[str, Any]]:
    return [one for one in objects(answer) if any("dataType" in (node or {}) for node in _nodes(one, "fields"))]


def items_in(answer: Any) -> list[dict[str, Any]]:
    return [one for one in objects(answer) if "fieldValues" in one and "type" in one]


def _nodes(node: dict[str, Any], name: str) -> list[Any]:
    connection = node.get(name)
    return connection.get("nodes") or [] if isinstance(connection, dict) else []


def test_every_answer_is_judged_as_documented(exchanges, fake, slept):
    """All pass, except mutations that were refused: we send none. A path that is not found leaves the answer whole."""
    tracker = GithubTracker(name="gh", kind="github", url=fake.url, token="t")
    session = GithubSession(tracker, Client("gh", max_attempts=1, sleep=slept.append))
    kinds: Counter[str] = Counter()
    for exchange in exchanges:
        response = exchange["response"]
        kept = {name: text for name, text in response["headers"].items() if name.startswith(("x-", "date"))}
        fake.handlers["POST /graphql"] = lambda _, answer=(response["status"], kept, response["data"]): answer
        refused = [one for one in response["data"].get("errors", ()) if one.get("type") != "NOT_FOUND"]
        if refused:
            assert "mutation" in exchange["query"]
            with pytest.raises(TrackerError, match="GitHub says"):
                session.graphql("replaying", exchange["query"], exchange["variables"], Traffic())
            kinds["refused mutation"] += 1
            continue
        answer = session.graphql("replaying", exchange["query"], exchange["variables"], Traffic())
        assert answer.data == response["data"]["data"]
        kinds["with paths not found" if answer.refused else "whole"] += 1
    session.close()
    assert kinds == {"whole": 157, "with paths not found": 14, "refused mutation": 2}


def test_every_project_maps(exchanges):
    projects = [one for exchange in exchanges for one in projects_in(exchange["response"]["data"])]
    assert len(projects) >= 60
    columns: Counter[tuple[str, bool]] = Counter()
    sprints: Counter[tuple[str, ...]] = Counter()
    for project in projects:
        record = RawRecord("projects_v2", "_site", project["id"], orjson.dumps(project), NOW)
        context = GithubContext.build(TRACKER, [record])
        rows = CanonicalRows()
        map_record(record, context, rows)
        columns.update((row["column_name"], row["is_done_column"]) for row in rows.tables["board_column_status"])
        assert rows.tables["board"][0]["sprint_support"] == "supported"
        assert rows.tables["board"][0]["estimation_field_name"] == "Number"
        sprints[tuple(row["name"] for row in rows.tables["sprint"])] += 1
    assert columns == {("One", False): len(projects), ("Two", False): len(projects), ("Three", True): len(projects)}
    # Older recordings asked for iterations without their ids, by which nothing can refer to them.
    assert set(sprints) == {(), ("Iteration 3", "Iteration 2", "Iteration 1")}


def test_every_item_maps_to_observations_of_its_issue(exchanges):
    """The recorded items lack ``project`` and ``updatedAt``, which our query asks for; nothing else is added."""
    mapped: Counter[str] = Counter()
    values: Counter[str] = Counter()
    fields = {
        project["id"]: project for exchange in exchanges for project in projects_in(exchange["response"]["data"])
    }  # fmt: skip
    (project,) = fields.values()
    context = GithubContext.build(
        TRACKER, [RawRecord("projects_v2", "_site", project["id"], orjson.dumps(project), NOW)]
    )
    for exchange in exchanges:
        for item in items_in(exchange["response"]["data"]):
            completed = {**item, "project": {"id": project["id"]}, "updatedAt": item["createdAt"]}
            rows = CanonicalRows()
            map_record(RawRecord("project_items", "_site", item["id"], orjson.dumps(completed), NOW), context, rows)
            seen = rows.tables["field_observation"]
            mapped[item["type"], bool(seen)] += 1
            values.update(row["field"] for row in seen if row["value"] is not None)
            assert {row["entity_id"] for row in seen} <= {f"github:gh:{(item['content'] or {}).get('id')}"}
    assert mapped == {("ISSUE", True): 281, ("DRAFT_ISSUE", False): 12, ("PULL_REQUEST", False): 1}
    assert values["status"] > 200
    assert values["estimate_points"] > 200
    assert values["sprint"] == 2
