"""Order and selection of models."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

import networkx as nx

from itpm_pipeline.errors import ModelError
from itpm_pipeline.modeling.project import Project


def dependency_graph(project: Project) -> "nx.DiGraph[str]":
    """Models as nodes, an edge from each model to those that read it. ModelError if some need each other."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(project.models)
    graph.add_edges_from((upstream, name) for name, model in project.models.items() for upstream in model.declared.refs)
    if not nx.is_directed_acyclic_graph(graph):
        circle = [edge[0] for edge in nx.find_cycle(graph)]
        raise ModelError(f"Models need each other in a circle: {' → '.join([*circle, circle[0]])}.")
    return graph


def build_order(project: Project, select: str | Iterable[str] | None = None) -> list[str]:
    """Names of the selected models, each after all it reads; the same project gives the same order.

    ``select``: terms, separated by spaces or given as a list, of which any may match: a model (``mart_cfd``), a
    pattern (``mart_*``), a folder (``velocity``, ``marts/velocity``), each with ``+`` before it to add everything
    upstream and after it to add everything downstream. None: all models.
    """
    graph = dependency_graph(project)
    order = list(nx.lexicographical_topological_sort(graph))
    if select is None:
        return order
    chosen: set[str] = set()
    for term in select.split() if isinstance(select, str) else select:
        chosen |= _matching(term, graph, project)
    return [name for name in order if name in chosen]


def _matching(term: str, graph: "nx.DiGraph[str]", project: Project) -> set[str]:
    pattern = term.strip("+")
    folder = tuple(pattern.strip("/").replace(".", "/").split("/"))
    matched = {
        name
        for name, model in project.models.items()
        if fnmatchcase(name, pattern)
        or model.folder[: len(folder)] == folder
        or (len(folder) == 1 and folder[0] in model.folder)
    }
    if not matched:
        raise ModelError(f"--select {term}: no model or folder of that name.")
    found = set(matched)
    for name in matched:
        if term.startswith("+"):
            found |= nx.ancestors(graph, name)
        if term.endswith("+"):
            found |= nx.descendants(graph, name)
    return found
