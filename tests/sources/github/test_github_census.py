"""What became of issues that a repository does not list any more, as GitHub's two interfaces tell it together."""

from datetime import UTC, datetime
from typing import Any

import pytest

from itpm_pipeline.canonical.vocabulary import AbsenceReason
from itpm_pipeline.errors import RefusedError
from itpm_pipeline.extract.client import Traffic
from itpm_pipeline.extract.records import ProjectRef
from itpm_pipeline.extract.source import Whereabouts
from itpm_pipeline.sources.github import census
from itpm_pipeline.sources.github.session import GraphqlAnswer, RestAnswer

SHOP = ProjectRef("acme-gh", "acme/shop", "R_1", "shop")


class Session:
    """Knows nodes (id → repository) for GraphQL, and answers of REST by path; a number is a refusal."""

    def __init__(self, nodes: dict[str, str], rest: dict[str, Any]) -> None:
        self.nodes, self.rest_answers = nodes, rest
        self.asked: list[int] = []
        self.paths: list[str] = []

    def graphql(self, doing: str, document: str, variables: dict[str, Any], traffic: Traffic) -> GraphqlAnswer:
        self.asked.append(len(variables["ids"]))
        found = [
            {"id": one, "repository": {"id": self.nodes[one]}} if one in self.nodes else None
            for one in variables["ids"]
        ]
        return GraphqlAnswer({"nodes": found}, [], datetime.now(UTC), {})

    def rest(self, doing: str, url: str, parameters: Any, traffic: Traffic) -> RestAnswer:
        self.paths.append(url)
        answer = self.rest_answers[url]
        if isinstance(answer, int):
            raise RefusedError(doing, status=answer)
        return RestAnswer(answer, {}, None)


def test_each_answer_means_something_else() -> None:
    session = Session({"I_1": "R_1"}, {
        "/repos/acme/shop/issues/2": {"node_id": "I_new"},  # redirected to where it was transferred
        "/repos/acme/shop/issues/3": 410,
        "/repos/acme/shop/issues/4": 404,
        "/repos/acme/shop/issues/5": {"node_id": "I_5"},
    })  # fmt: skip
    missing = {f"I_{number}": f"acme/before-it-was-renamed#{number}" for number in range(1, 6)}
    assert census.find_issues(session, SHOP, missing, Traffic()) == [
        Whereabouts("I_1", project="R_1"),
        Whereabouts("I_2", reason=AbsenceReason.TRANSFERRED, successor="I_new"),
        Whereabouts("I_3", reason=AbsenceReason.DELETED),
        Whereabouts("I_4", reason=AbsenceReason.PERMISSION_LOST),
        Whereabouts("I_5", project="R_1"),
    ]
    assert len(session.paths) == 4, "only what GraphQL does not know is asked for by itself"


def test_a_refusal_that_says_nothing_of_the_issue_is_no_verdict() -> None:
    session = Session({}, {"/repos/acme/shop/issues/2": 422})
    with pytest.raises(RefusedError):
        census.find_issues(session, SHOP, {"I_2": "acme/shop#2"}, Traffic())


def test_nodes_are_asked_for_a_hundred_at_a_time() -> None:
    session = Session({f"I_{number}": "R_1" for number in range(150)}, {})
    assert census.existing(session, [f"I_{number}" for number in range(250)], Traffic()) == set(session.nodes)
    assert session.asked == [100, 100, 50]
