"""Pages: where lists end, tokens that loop, searches that change while they are read."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itpm_pipeline.errors import ProtocolError
from itpm_pipeline.sources.jira.paging import drifting_pages, offset_pages, token_pages


def flat(pages) -> list[Any]:
    return [entry["id"] for page in pages for entry in page]


def entries(*numbers: int) -> list[dict[str, str]]:
    return [{"id": str(number)} for number in numbers]


def test_offsets_until_the_server_says_last():
    asked: list[int] = []

    def fetch(start: int):
        asked.append(start)
        pages = {0: (1, 2), 2: (3,), 3: (4,)}
        return {"values": entries(*pages[start]), "isLast": start == 3, "maxResults": 50}

    assert flat(offset_pages(fetch, "values", doing="x")) == ["1", "2", "3", "4"]
    assert asked == [0, 2, 3], "a short page is not the last one"


def test_offsets_until_the_total_or_an_empty_page():
    with_total = {0: entries(1), 1: entries(2)}
    assert flat(offset_pages(lambda s: {"values": with_total[s], "total": 2}, "values", doing="x")) == ["1", "2"]
    bare = {0: entries(1), 1: entries(2), 2: []}
    assert flat(offset_pages(lambda s: {"values": bare[s]}, "values", doing="x")) == ["1", "2"]


@pytest.mark.parametrize("answer", [None, [], {"values": None}, {"values": [1]}, {"issues": []}, "text"])
def test_an_answer_of_another_shape_is_an_error(answer):
    with pytest.raises(ProtocolError, match='reading x: the answer has no list "values"'):
        flat(offset_pages(lambda _: answer, "values", doing="reading x"))


def tokens(*pages):
    """A fetch that plays pages in order; each is (entries, rest of the answer)."""
    left = iter(pages)
    asked: list[str | None] = []

    def fetch(token):
        asked.append(token)
        found, rest = next(left)
        return {"issues": found, **rest}

    fetch.asked = asked
    return fetch


def test_tokens_are_followed_over_short_and_empty_pages():
    fetch = tokens(
        (entries(1), {"nextPageToken": "a", "isLast": False}),
        ([], {"nextPageToken": "b"}),
        (entries(2), {"isLast": True}),
    )
    assert flat(token_pages(fetch, "issues", doing="x")) == ["1", "2"]
    assert fetch.asked == [None, "a", "b"]


@pytest.mark.parametrize("end", [{}, {"nextPageToken": None}, {"isLast": True}, {"isLast": True, "nextPageToken": "z"}])
def test_the_last_page_in_all_its_shapes(end):
    assert flat(token_pages(tokens((entries(1), end)), "issues", doing="x")) == ["1"]


def test_a_repeated_token_is_an_error_not_an_endless_loop():
    fetch = tokens(*[(entries(1), {"nextPageToken": token}) for token in "aba"])
    with pytest.raises(ProtocolError, match="same page token twice"):
        flat(token_pages(fetch, "issues", doing="x"))


def test_more_pages_without_a_token_are_an_error():
    with pytest.raises(ProtocolError, match="gives no token"):
        flat(token_pages(tokens((entries(1), {"isLast": False})), "issues", doing="x"))


class Search:
    """A search by offset whose result changes between pages."""

    def __init__(self, count: int, size: int, removals: dict[int, list[int]]) -> None:
        self.result = list(range(count))
        self.size, self.removals, self.calls = size, removals, 0

    def __call__(self, start: int):
        for place in self.removals.get(self.calls, ()):
            if place < len(self.result):
                del self.result[place]
        self.calls += 1
        return {"issues": entries(*self.result[start : start + self.size]), "total": len(self.result)}


def test_an_issue_that_leaves_what_was_read_makes_no_other_one_missed():
    search = Search(10, 4, {1: [0, 0, 0]})
    assert flat(drifting_pages(search, "issues", doing="x", step_back=4)) == [str(n) for n in range(10)]


@given(
    st.integers(0, 40), st.integers(4, 9),
    st.dictionaries(st.integers(1, 6), st.lists(st.integers(0, 39), max_size=2), max_size=4),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_whatever_leaves_all_that_stays_is_read_once(count, size, removals):
    search = Search(count, size, removals)
    seen = flat(drifting_pages(search, "issues", doing="x", step_back=size))
    assert len(seen) == len(set(seen))
    assert {str(number) for number in search.result} <= set(seen)


def test_an_unchanged_search_costs_one_issue_more_a_page():
    search = Search(1000, 100, {})
    assert len(flat(drifting_pages(search, "issues", doing="x", step_back=100))) == 1000
    assert search.calls == 11


def test_a_search_that_holds_back_what_it_announced_is_an_error():
    with pytest.raises(ProtocolError, match="an empty page at 0 of 5"):
        flat(drifting_pages(lambda _: {"issues": [], "total": 5}, "issues", doing="x", step_back=5))
    with pytest.raises(ProtocolError, match="no total"):
        flat(drifting_pages(lambda _: {"issues": entries(1)}, "issues", doing="x", step_back=5))
