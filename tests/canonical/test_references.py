"""References in texts: METRICS.md 4.1 (RX1), worked example G7, and texts made to break the search."""

import time

import pytest

from itpm_pipeline.canonical.references import (
    Reference,
    Relation,
    find_references,
    reference_in_address,
    relation_of,
    without_quotations,
)


def found(text: str, **settings) -> list[tuple[str, str]]:
    return [(one.ref, one.relation.value) for one in find_references(text, **settings)]


def test_g7_phrase_and_mention():
    assert find_references("Blocked by ABC-12 and see DEF-3") == [
        Reference("ABC-12", Relation.BLOCKED_BY, "blocked by"),
        Reference("DEF-3", Relation.MENTIONS),
    ]
    assert [one.confidence for one in find_references("Blocked by ABC-12 and see DEF-3")] == [0.7, 0.2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("depends on: PAY-1", [("PAY-1", "blocked_by")]),
        ("REQUIRES PAY-1.", [("PAY-1", "blocked_by")]),
        ("waiting on PAY-1", [("PAY-1", "blocked_by")]),
        ("Waiting\nfor\tPAY-1", [("PAY-1", "blocked_by")]),
        ("This blocks PAY-1", [("PAY-1", "blocks")]),
        ("unblocks PAY-1", [("PAY-1", "mentions")]),
        ("blocked by acme/checkout#7", [("acme/checkout#7", "blocked_by")]),
        ("blocked by https://github.com/acme/checkout/issues/7,", [("acme/checkout#7", "blocked_by")]),
        ("blocked by https://ghe.acme.com/acme/checkout/pull/7#issuecomment-1", [("acme/checkout#7", "blocked_by")]),
        ("blocked by [the ticket|https://jira.acme.com/jira/browse/PAY-9]", [("PAY-9", "mentions")]),
        ("blocked by [PAY-9|https://jira.acme.com/browse/PAY-9]", [("PAY-9", "blocked_by")]),
        ("see https://acme.atlassian.net/browse/PAY-9?focused=1", [("PAY-9", "mentions")]),
        ("PAY-1 is blocked by PAY-1", [("PAY-1", "blocked_by")]),
        ("pay-1, PAY-012, PAY-12-3, XPAY-, A-1, feature/PAY-7-login", []),
        ("(PAY-1)", [("PAY-1", "mentions")]),
        ("", []),
    ],
)
def test_phrases(text, expected):
    assert found(text) == expected


def test_bare_numbers_belong_to_the_repository_at_hand():
    assert found("blocked by #7, see #8", repository="acme/shop") == [
        ("acme/shop#7", "blocked_by"), ("acme/shop#8", "mentions"),
    ]
    assert found("blocked by #7") == []
    assert found("colour &#39; abc#9", repository="acme/shop") == []


@pytest.mark.parametrize(
    "quoted",
    [
        "```\nblocked by PAY-1\n```",
        "~~~~ text\nblocked by PAY-1\n~~~\nblocked by PAY-1\n~~~~",
        "```\nblocked by PAY-1",
        "> blocked by PAY-1",
        "`blocked by PAY-1`",
        "``blocked by PAY-1``",
        "{code:java}\nblocked by PAY-1\n{code}",
        "{noformat}blocked by PAY-1{noformat}",
        "{quote}blocked by PAY-1{quote}",
        "bq. blocked by PAY-1",
        "{{blocked by PAY-1}}",
        "<!-- blocked by PAY-1 -->",
        "<pre><b>blocked by PAY-1</b></PRE>",
        "<blockquote>blocked by PAY-1</blockquote>",
    ],
)
def test_code_and_quotations_do_not_count(quoted):
    assert found(f"before\n{quoted}\n") == []
    closed = not quoted.startswith("```\n") or quoted.endswith("```")
    if closed:
        assert found(f"{quoted}\nblocked by PAY-2") == [("PAY-2", "blocked_by")]


def test_an_opening_without_end_hides_nothing():
    assert found("{code} blocked by PAY-1") == [("PAY-1", "blocked_by")]
    assert found("<!-- blocked by PAY-1") == [("PAY-1", "blocked_by")]
    assert without_quotations("a {quote} b") == "a {quote} b"


@pytest.mark.parametrize(
    ("address", "ref"),
    [
        ("https://github.com/acme/checkout/issues/12", "acme/checkout#12"),
        ("http://127.0.0.1:8000/acme/checkout/pull/12/files", "acme/checkout#12"),
        ("https://jira.acme.com/browse/PAY-3", "PAY-3"),
        ("https://acme.atlassian.net/wiki/spaces/X/pages/1", None),
        ("https://github.com/acme/checkout/issues", None),
        ("ftp://github.com/acme/checkout/issues/1", None),
        ("", None),
    ],
)
def test_addresses(address, ref):
    assert reference_in_address(address) == ref


def test_words_of_remote_links():
    assert relation_of("is Blocked  by") is Relation.BLOCKED_BY
    assert relation_of("blocks") is Relation.BLOCKS
    assert relation_of("mentioned in") is Relation.MENTIONS


@pytest.mark.parametrize(
    "evil",
    ["{code:", "<!--", "blocked by ", "`", "a/", "https://", "A", "requires ", "[", "{{", "https://x/a/", "A_", "#1#"],
)
def test_no_text_makes_the_search_slow(evil):
    started = time.process_time()
    find_references(evil * (100_000 // len(evil)), repository="a/b")
    assert time.process_time() - started < 2
