"""Dependencies of 7,608 genuine issues, against the graph of the archive's own links."""

import networkx as nx
import pytest

pytestmark = [pytest.mark.realdata, pytest.mark.slow, pytest.mark.xdist_group("jira_archive")]

FARTHEST = [("DAEMON-243", 6), ("DAEMON-26", 4), ("DAEMON-16", 3), ("DAEMON-20", 3), ("DAEMON-21", 3)]


@pytest.fixture(scope="module")
def graph(told, archive):
    """Blockers and blocked that are both open (or not in the archive), from its links and sentences."""
    done = {issue["key"] for issue in archive.raw if issue["fields"]["status"]["statusCategory"]["key"] == "done"}
    native = {(blocker, blocked) for blocker, blocked, kind in archive.links.values() if kind == "blocks"}
    told_of = told.station.rows(
        "select blocker_key, blocked_key from int.int_dependency_edge where is_counted and provenance <> 'jira_link'"
    )
    edges = native | {(row["blocker_key"], row["blocked_key"]) for row in told_of}
    return nx.DiGraph([edge for edge in edges if not done & set(edge)])


def test_nothing_waits_for_itself(told, graph):
    assert told.station.number("select count(*) from mart.mart_dependency_cycle") == 0
    assert nx.is_directed_acyclic_graph(graph)
    assert (len(graph), graph.number_of_edges()) == (66, 46)


def test_blast_radius_is_the_number_of_descendants(told, graph):
    rows = told.station.rows("select * from mart.mart_dependency_node")
    assert {row["issue_key"]: row["blast_radius"] for row in rows} == {
        key: len(nx.descendants(graph, key)) for key in graph
    }
    assert {row["issue_key"]: (row["fan_in"], row["fan_out"]) for row in rows} == {
        key: (graph.in_degree(key), graph.out_degree(key)) for key in graph
    }
    farthest = sorted(((row["issue_key"], row["blast_radius"]) for row in rows), key=lambda one: (-one[1], one[0]))
    assert farthest[:5] == FARTHEST


def test_the_critical_path_of_the_program_is_as_long_as_its_longest_chain(told, graph):
    rows = told.station.rows("select * from mart.mart_critical_path where scope_key = 'SDK'")
    finish = {row["issue_key"]: row["early_finish_days"] for row in rows}
    duration = {row["issue_key"]: row["duration_days"] for row in rows}
    leaves = graph.subgraph(finish.keys() & set(graph))
    for key in nx.topological_sort(leaves):
        ready = max((finish[before] for before in leaves.predecessors(key)), default=0)
        assert finish[key] >= ready + duration[key] - 1e-9, "containers may add to what is waited for"
    scope = told.station.rows("select * from mart.mart_critical_path_scope where scope_key = 'SDK'")[0]
    assert scope["scope_days"] == pytest.approx(max(finish.values()))
    chain = [row for row in rows if row["path_no"] is not None]
    assert sum(row["duration_days"] for row in chain) == pytest.approx(scope["scope_days"])
