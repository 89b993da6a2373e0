"""Plain text out of Jira's two markups: Atlassian Document Format (Cloud) and wiki markup (Data Center)."""

import re
from typing import Any

DEEPEST = 100
"""Levels of nesting that are followed; documents made by people have a dozen."""

_BLOCKS = frozenset({
    "paragraph", "heading", "codeBlock", "blockquote", "listItem", "tableRow", "panel", "rule", "mediaSingle",
    "taskItem", "decisionItem", "expand", "nestedExpand",
})  # fmt: skip
_QUOTATIONS = frozenset({"codeBlock", "blockquote"})


def plain_text(markup: Any) -> str | None:
    """Text of a description for people: None when there is none."""
    text = markup if isinstance(markup, str) else "".join(_pieces(markup, quotations=True))
    if isinstance(markup, str):
        text = _WIKI_NOISE.sub(_wiki_word, text)
    return _tidy(text) or None


def reference_text(markup: Any) -> str:
    """Text in which references to issues are looked for, addresses of links included.

    Code and quotations of a document are left out; those of wiki markup are left to ``find_references``.
    """
    return markup if isinstance(markup, str) else "".join(_pieces(markup, quotations=False))


def _pieces(document: Any, *, quotations: bool) -> list[str]:
    """Texts of a document, blocks ended by line breaks. Unknown kinds of nodes contribute their children."""
    pieces: list[str] = []
    _add_pieces(document, pieces, quotations=quotations, depth=0)
    return pieces


def _add_pieces(node: Any, pieces: list[str], *, quotations: bool, depth: int) -> None:
    if not isinstance(node, dict) or depth > DEEPEST:
        return
    kind = str(node.get("type"))
    if not quotations and (kind in _QUOTATIONS or _is_code(node)):
        pieces.append(" ")
        return
    pieces.append(_own_text(node, kind, addresses=not quotations))
    content = node.get("content")
    if isinstance(content, list):
        for child in content:
            _add_pieces(child, pieces, quotations=quotations, depth=depth + 1)
    pieces.append("\n" if kind in _BLOCKS else _ENDINGS.get(kind, ""))


_ENDINGS = {"hardBreak": "\n", "tableCell": " ", "tableHeader": " "}
_LABELS = {"mention": "text", "status": "text", "emoji": "text", "inlineCard": "url", "blockCard": "url",
           "embedCard": "url"}  # fmt: skip
"""Kind of node to the attribute that holds its text."""


def _own_text(node: dict[str, Any], kind: str, *, addresses: bool) -> str:
    """Text of a node without its children; with ``addresses``, those its links lead to."""
    if kind == "text":
        text = str(node.get("text") or "")
        return text + "".join(f" {url} " for url in _link_addresses(node)) if addresses else text
    if kind not in _LABELS:
        return ""
    attributes = node.get("attrs")
    label = attributes.get(_LABELS[kind]) if isinstance(attributes, dict) else None
    return f" {label} " if label and _LABELS[kind] == "url" else str(label or "")


def _marks(node: dict[str, Any]) -> list[dict[str, Any]]:
    marks = node.get("marks")
    return [mark for mark in marks if isinstance(mark, dict)] if isinstance(marks, list) else []


def _is_code(node: dict[str, Any]) -> bool:
    return "marks" in node and any(mark.get("type") == "code" for mark in _marks(node))


def _link_addresses(node: dict[str, Any]) -> list[str]:
    links = (mark.get("attrs") for mark in _marks(node) if mark.get("type") == "link")
    return [link["href"] for link in links if isinstance(link, dict) and isinstance(link.get("href"), str)]


_WIKI_NOISE = re.compile(
    r"""
      ^h[1-6]\.[ ]                                            # headings
    | ^bq\.[ ]                                                # one-line quotations
    | \{(?:code|noformat|quote|panel|color)(?::[^}\n]{0,200})?\}
    | \{\{(?P<code>[^{}\n]{1,2000})\}\}
    | \[(?P<label>[^|\[\]\n]{1,500})\|(?P<link>[^\]\n]{1,2000})\]
    | \[~(?:accountid:)?(?P<user>[^\]\n]{1,255})\]
    | ![^!\s][^!\n]{0,255}!                                   # pictures
    """,
    re.VERBOSE | re.MULTILINE,
)


def _wiki_word(match: re.Match[str]) -> str:
    if match["label"]:
        return f"{match['label']} ({match['link']})"
    return match["code"] or (f"@{match['user']}" if match["user"] else "")


def _tidy(text: str) -> str:
    """Trailing blanks and runs of empty lines removed."""
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\x00", "").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
