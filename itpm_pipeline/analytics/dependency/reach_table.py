"""Fan-in, fan-out, blast radius and circles of every issue with an active dependency, as a table (METRICS.md 4.2)."""

import pyarrow as pa

from itpm_pipeline.analytics.columns import COUNT, FLAG, NUMBER, TEXT, write
from itpm_pipeline.analytics.dependency.reach import Traits, reach

TRAIT = {"issue_id": TEXT, "project_id": TEXT, "program_id": TEXT, "estimate_points": NUMBER}
NODE = {
    "issue_id": TEXT, "issue_key": TEXT, "fan_in": COUNT, "fan_out": COUNT, "blast_radius": COUNT,
    "blast_points": NUMBER, "blast_projects": COUNT, "blast_programs": COUNT, "depth": COUNT, "scc_id": TEXT,
    "in_cycle": FLAG,
}  # fmt: skip


def reach_table(items: pa.Table, edges: pa.Table) -> pa.Table:
    """One row per issue or placeholder that has an active dependency."""
    traits = {
        row["issue_id"]: Traits(row["estimate_points"], row["project_id"], row["program_id"])
        for row in items.to_pylist()
    }
    pairs, keys = [], {}
    for edge in edges.to_pylist():
        pairs.append((edge["blocker_issue_id"], edge["blocked_issue_id"]))
        keys[edge["blocker_issue_id"]] = edge["blocker_key"]
        keys[edge["blocked_issue_id"]] = edge["blocked_key"]
    found = reach(pairs, traits)
    issues = sorted(found)
    nodes = [found[issue] for issue in issues]
    # A circle is named after the least of its members, so that it keeps its name when others come and go.
    name: dict[int, str] = {}
    for issue in issues:
        name.setdefault(found[issue].circle, issue)
    return write(NODE, {
        "issue_id": issues, "issue_key": [keys[issue] for issue in issues],
        "fan_in": [one.fan_in for one in nodes], "fan_out": [one.fan_out for one in nodes],
        "blast_radius": [one.blast for one in nodes], "blast_points": [one.points for one in nodes],
        "blast_projects": [one.projects for one in nodes], "blast_programs": [one.programs for one in nodes],
        "depth": [one.depth for one in nodes], "scc_id": [name[one.circle] for one in nodes],
        "in_cycle": [one.in_circle for one in nodes],
    })  # fmt: skip
