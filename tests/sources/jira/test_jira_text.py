"""Descriptions in Atlassian Document Format and wiki markup, and sprints written as text."""

import time

import pytest

from itpm_pipeline.canonical.references import find_references
from itpm_pipeline.sources.jira.sprint_string import parse_sprint_string
from itpm_pipeline.sources.jira.text import plain_text, reference_text


def text(words, *marks):
    return {"type": "text", "text": words, "marks": [*marks]}


def block(kind, *content, **attrs):
    return {"type": kind, "content": list(content), "attrs": attrs}


DOCUMENT = block(
    "doc",
    block("heading", text("Goal"), level=1),
    block("paragraph", text("Blocked by "), {"type": "inlineCard", "attrs": {"url": "https://a.net/browse/PAY-9"}},
          {"type": "hardBreak"}, {"type": "mention", "attrs": {"id": "1", "text": "@Ann"}}),
    block("codeBlock", text("blocked by PAY-1")),
    block("blockquote", block("paragraph", text("blocked by PAY-2"))),
    block("paragraph", text("blocked by PAY-3", {"type": "code"}), text(" then "),
          text("depends on the "), text("ticket", {"type": "link", "attrs": {"href": "https://a.net/browse/PAY-4"}})),
    block("bulletList", block("listItem", block("paragraph", text("one"))),
          block("listItem", block("paragraph", text("two")))),
    block("table", block("tableRow", block("tableCell", block("paragraph", text("x"))))),
    block("somethingNew", block("paragraph", text("kept\x00"))),
)  # fmt: skip


def test_document_for_people_has_all_words():
    assert plain_text(DOCUMENT).splitlines() == [
        "Goal", "Blocked by  https://a.net/browse/PAY-9", "@Ann", "blocked by PAY-1", "blocked by PAY-2", "",
        "blocked by PAY-3 then depends on the ticket", "one", "", "two", "", "x", "", "kept",
    ]


def test_document_for_references_has_addresses_and_no_code_or_quotations():
    refs = [(one.ref, one.relation.value) for one in find_references(reference_text(DOCUMENT))]
    assert refs == [("PAY-9", "blocked_by"), ("PAY-4", "mentions")]


EMPTY = {"type": "doc", "content": []}


@pytest.mark.parametrize("nothing", [None, "", {}, EMPTY, {"type": "doc", "content": None}, 7, []])
def test_no_description_is_null(nothing):
    assert plain_text(nothing) is None
    assert reference_text(nothing) == ""


def test_documents_of_any_shape_are_read_without_failing():
    broken = {"type": "doc", "content": ["x", None, {"type": "text"}, {"type": "text", "text": None, "marks": "no"},
                                         {"type": "inlineCard", "attrs": None}, {"type": ["odd"], "content": [{}]}]}
    assert plain_text(broken) is None
    deep = {"type": "text", "text": "bottom"}
    for _ in range(5000):
        deep = {"type": "panel", "content": [deep]}
    assert plain_text(deep) is None


def test_wiki_markup():
    markup = (
        "h1. Goal\r\nSee [the plan|https://a.net/x] and [~ann]\n{code:java}int x;{code}\n{{y}}"
        "\n\n\n\n!pic.png|thumb!end"
    )
    assert plain_text(markup) == "Goal\nSee the plan (https://a.net/x) and @ann\nint x;\ny\n\nend"
    assert reference_text("{quote}blocked by PAY-1{quote}") == "{quote}blocked by PAY-1{quote}"


@pytest.mark.parametrize("evil", ["[", "{{", "!a", "{code", "[a|", "[~"])
def test_no_wiki_text_makes_it_slow(evil):
    started = time.process_time()
    plain_text(evil * (32_000 // len(evil)))
    assert time.process_time() - started < 2


HEAD = "com.atlassian.greenhopper.service.sprint.Sprint@21d00be2["


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        (
            ("id=225,rapidViewId=24,state=CLOSED,name=OSUX Sprint 5,goal=,startDate=2017-09-19T16:07:27.697Z,"
            "endDate=2017-10-03T16:07:00.000Z,completeDate=2017-10-03T17:00:00.000+02:00,sequence=225"),
            {"id": 225, "originBoardId": 24, "state": "closed", "name": "OSUX Sprint 5",
             "startDate": "2017-09-19T16:07:27.697Z", "endDate": "2017-10-03T16:07:00.000Z",
             "completeDate": "2017-10-03T17:00:00.000+02:00"},
        ),
        (
            ("completeDate=<null>,activatedDate=2020-01-02T00:00:00.000Z,name=JBoss, 7.1, [final],state=ACTIVE,"
            "goal=win,\nid=est,rapidViewId=<null>,id=9"),
            {"id": 9, "state": "active", "name": "JBoss, 7.1, [final]", "goal": "win,\nid=est",
             "activatedDate": "2020-01-02T00:00:00.000Z"},
        ),
        (
            "name=JBoss, 7.1, [final],goal=a, b,state=FUTURE,id=9,synced=false",
            {"id": 9, "name": "JBoss, 7.1, [final]", "goal": "a, b", "state": "future"},
        ),
        ("id=9,state=FUTURE,name=trap,state=CLOSED", {"id": 9, "state": "future", "name": "trap"}),
    ],
)  # fmt: skip
def test_sprint_strings(inner, expected):
    assert parse_sprint_string(f"{HEAD}{inner}]") == expected


@pytest.mark.parametrize("other", ["", "Sprint 5", HEAD, HEAD + "]", HEAD + "name=x]", "Sprint@1[id=x]", "225"])
def test_other_texts_are_no_sprints(other):
    assert parse_sprint_string(other) is None
