"""Straight counts from the archive's files, with nothing of the pipeline in between."""

import gzip
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd


def _instants(values: Any) -> "pd.Series[pd.Timestamp]":
    return pd.to_datetime(pd.Series(values), utc=True, format="ISO8601")


def _sprints(fields: dict[str, Any]) -> list[dict[str, Any]]:
    return [*fields.get("closedSprints", ()), *([fields["sprint"]] if fields.get("sprint") else [])]


@dataclass(frozen=True)
class Archive:
    """The Titanium SDK archive, read with json alone."""

    folder: Path

    @cached_property
    def raw(self) -> list[dict[str, Any]]:
        with gzip.open(self.folder / "issues.jsonl.gz", "rt", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    @cached_property
    def links(self) -> dict[str, tuple[str, str, str]]:
        """Per native link: predecessor, successor, edge type (METRICS 4.1)."""
        found = {}
        for issue in self.raw:
            for link in issue["fields"].get("issuelinks", ()):
                outward = "outwardIssue" in link
                other = link["outwardIssue" if outward else "inwardIssue"]["key"]
                source, target = (issue["key"], other) if outward else (other, issue["key"])
                name = link["type"]["name"]
                kind = {"Blocks": "blocks", "Depends": "blocks", "Duplicate": "duplicates"}.get(name, "relates")
                # "A depends on B": B comes first. "A blocks B": A does.
                found[link["id"]] = (target, source, kind) if name == "Depends" else (source, target, kind)
        return found

    @cached_property
    def keys(self) -> set[str]:
        return {issue["key"] for issue in self.raw}

    @cached_property
    def parents(self) -> set[tuple[str, str]]:
        """Child and parent: sub-tasks and epic links."""
        told = ((issue["key"], issue["fields"].get(name)) for issue in self.raw for name in ("parent", "epic"))
        return {(child, parent["key"]) for child, parent in told if parent}

    def closed_sprints(self) -> pd.DataFrame:
        """Per closed sprint (by number): committed and completed, points and count.

        Without history METRICS T10 and 2.2 come down to this: an issue is in its first sprint from its creation, in
        each later one since the sprint before closed, and never leaves; it is done from its resolution, or, if it is
        done and nobody knows since when, from its creation; its estimate never changed. Sub-tasks do not count.
        """
        stay = pd.DataFrame(
            {
                "key": issue["key"], "created": fields["created"], "resolved": fields.get("resolutiondate"),
                "is_done": fields["status"]["statusCategory"]["key"] == "done", "points": fields.get("storyPoints", 0),
                **sprint,
            }
            for issue in self.raw if not (fields := issue["fields"])["issuetype"]["subtask"]
            for sprint in {one["id"]: one for one in _sprints(fields)}.values()
        )  # fmt: skip
        for name in ("created", "resolved", "startDate", "endDate", "completeDate"):
            stay[name] = _instants(stay[name])
        stay = stay.sort_values(["key", "startDate", "id"], na_position="last")
        closed = stay["state"].eq("closed")
        end = stay["completeDate"].fillna(stay["endDate"]).where(closed)
        since = stay["created"].to_frame().assign(before=end.groupby(stay["key"]).shift()).max(axis=1)
        done = stay["resolved"].where(stay["resolved"] > stay["created"], stay["created"]).where(stay["is_done"])
        start = stay["startDate"]
        entered = since.where(since > start, start)
        committed = closed & (since <= start) & ~(done <= start)
        completed = closed & (entered < end) & (done > entered) & (done < end)
        measures = pd.DataFrame({
            "committed_points": stay["points"].where(committed), "committed_count": committed,
            "completed_points": stay["points"].where(completed), "completed_count": completed,
        })  # fmt: skip
        return measures[closed].groupby(stay["id"]).sum().astype(float)
