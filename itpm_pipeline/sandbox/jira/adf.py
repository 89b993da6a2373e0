"""Plain text as an Atlassian Document Format document."""

import re
from typing import Any

_BLANK_LINES = re.compile(r"\n[ \t]*\n+")
_ADDRESS = re.compile(r"https?://[^\s)\]>\"']*[^\s)\]>\"'.,;:!?]")


def document(text: str) -> dict[str, Any] | None:
    """An ADF document of ``text``, paragraphs separated by blank lines; None for no text, as Jira has it.

    Line ends within a paragraph are hard breaks. A bare address becomes an inline card, as Jira's editor makes of a
    pasted one: a reader that looks for text alone loses it.
    """
    if not text.strip():
        return None
    paragraphs = [part for part in _BLANK_LINES.split(text) if part.strip()]
    return {"type": "doc", "version": 1, "content": [_paragraph(part) for part in paragraphs]}


def _paragraph(text: str) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    for place, line in enumerate(text.split("\n")):
        if place:
            content.append({"type": "hardBreak"})
        content.extend(_inline(line))
    return {"type": "paragraph", "content": content}


def _inline(line: str) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = []
    at = 0
    for match in _ADDRESS.finditer(line):
        if match.start() > at:
            nodes.append({"type": "text", "text": line[at : match.start()]})
        nodes.append({"type": "inlineCard", "attrs": {"url": match.group()}})
        at = match.end()
    if at < len(line):
        nodes.append({"type": "text", "text": line[at:]})
    return nodes
