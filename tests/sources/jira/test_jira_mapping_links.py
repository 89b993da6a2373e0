"""Links of issues: direction (worked example G6), ends we cannot see, parents, texts (G7), other sites."""

import pytest

P = "jira:acme-jira:"


def link(number, kind, side, key, issue_id=None, **words):
    other = {"key": key} | ({"id": str(issue_id)} if issue_id else {})
    return {"id": str(number), "type": {"name": kind, **words}, side: other}


def edges(rows):
    """blocker > blocked, kind, as keys."""
    return {(row["blocker_ref"], row["blocked_ref"], row["edge_type"]) for row in rows.tables["issue_link"]}


def test_g6_direction_seen_from_both_ends(desk, make_issue):
    this = desk.map("issues", make_issue(1, "K-1", issuelinks=[
        link(500, "Blocks", "outwardIssue", "X-1", 2, outward="blocks", inward="is blocked by"),
        link(501, "Blocks", "inwardIssue", "Y-1", 3, outward="blocks", inward="is blocked by"),
        link(502, "Depends", "outwardIssue", "Z-1", 4, outward="depends on", inward="is depended on by"),
    ]))  # fmt: skip
    other = desk.map("issues", make_issue(2, "X-1", issuelinks=[link(500, "Blocks", "inwardIssue", "K-1", 1)]))
    assert edges(this) == {("K-1", "X-1", "blocks"), ("Y-1", "K-1", "blocks"), ("Z-1", "K-1", "blocks")}
    assert edges(other) == {("K-1", "X-1", "blocks")}
    first = next(row for row in this.tables["issue_link"] if row["link_ref"] == "500")
    assert (first["blocker_issue_id"], first["blocked_issue_id"], first["seen_from_id"]) == (P + "1", P + "2", P + "1")
    assert (first["type_raw"], first["provenance"], first["confidence"]) == ("Blocks", "jira_link", 1.0)


@pytest.mark.parametrize(
    ("kind", "edge"),
    [("Duplicate", "duplicates"), ("Cloners", "relates"), ("Relates", "relates"), ("Gantt: start-finish", "relates"),
     ("BLOCKS", "blocks"), ("", "relates")],
)  # fmt: skip
def test_other_types_run_from_the_outward_side(desk, make_issue, kind, edge):
    rows = desk.map("issues", make_issue(1, "K-1", issuelinks=[link(1, kind, "outwardIssue", "X-1", 2)]))
    assert edges(rows) == {("K-1", "X-1", edge)}


def test_an_end_we_cannot_see_keeps_its_key(desk, make_issue):
    rows = desk.map("issues", make_issue(1, "K-1", issuelinks=[link(1, "Blocks", "inwardIssue", "SECRET-1")]))
    (row,) = rows.tables["issue_link"]
    assert (row["blocker_issue_id"], row["blocker_ref"]) == (None, "SECRET-1")


def test_parent_and_epic(desk, make_issue):
    rows = desk.map("issues", make_issue(1, "K-1", parent={"id": "9", "key": "K-9"}, customfield_10014="K-9"))
    (row,) = rows.tables["issue_link"]
    assert (row["blocker_issue_id"], row["blocked_issue_id"], row["edge_type"]) == (P + "1", P + "9", "parent_child")
    rows = desk.map("issues", make_issue(1, "K-1", customfield_10014="K-9"))
    (row,) = rows.tables["issue_link"]
    assert (row["blocked_issue_id"], row["blocked_ref"], row["type_raw"]) == (None, "K-9", "Epic Link")
    assert rows.tables["issue"][0]["parent_issue_id"] is None, "an epic link has a key only"


def test_g7_text(desk, make_issue):
    rows = desk.map("issues", make_issue(
        1, "K-1", description="Blocked by ABC-12 and see DEF-3. This blocks acme/shop#4. K-1 itself.\n"
        "{code}blocked by XYZ-1{code}",
    ))  # fmt: skip
    told = [(r["blocker_ref"], r["blocked_ref"], r["edge_type"], r["confidence"]) for r in rows.tables["issue_link"]]
    assert told == [
        ("ABC-12", "K-1", "blocks", 0.7), ("K-1", "acme/shop#4", "blocks", 0.7), ("DEF-3", "K-1", "mentions", 0.2),
    ]
    assert {row["provenance"] for row in rows.tables["issue_link"]} == {"text_phrase"}


def test_an_issue_without_links_empties_its_links(desk, make_issue):
    rows = desk.map("issues", make_issue(1, "K-1"))
    assert rows.replaced["issue_link"] == [P + "1"]
    assert not rows.tables["issue_link"]


def test_links_to_other_sites(desk):
    def remote(number, url, words=None):
        return {"id": number, "relationship": words, "object": {"url": url, "title": "x"}}

    rows = desk.map("remote_links", {"issueId": "1", "remoteLinks": [
        remote(1, "https://github.com/acme/shop/issues/7", "is blocked by"),
        remote(2, "https://github.com/acme/shop/issues/8", "blocks"),
        remote(3, "https://github.com/acme/shop/pull/9"),
        remote(4, "https://wiki.acme.example/page", "mentioned in"),
        {"id": 5},
    ]})  # fmt: skip
    told = [
        (r["link_ref"], r["blocker_ref"] or r["blocker_issue_id"], r["blocked_ref"] or r["blocked_issue_id"],
         r["edge_type"], r["confidence"])
        for r in rows.tables["issue_link"]
    ]  # fmt: skip
    assert told == [
        ("remote:1", "acme/shop#7", P + "1", "blocks", 0.9),
        ("remote:2", P + "1", "acme/shop#8", "blocks", 0.9),
        ("remote:3", "acme/shop#9", P + "1", "relates", 0.4),
    ]
    assert rows.replaced["issue_link"] == [P + "1"]
