"""Finds references to issues in plain text and in addresses (METRICS.md 4.1, regex RX1).

Every reference found is returned, known or not: which keys exist in other trackers only the warehouse knows.
Work is linear in the length of the text, whatever a person (or an attacker) wrote in it.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

LONGEST_TEXT = 100_000
"""Characters of a text that are searched; the trackers' own limits are below."""


class Relation(StrEnum):
    """What a text says of the issue it stands in and the issue it refers to."""

    BLOCKED_BY = "blocked_by"
    """The other issue blocks this one."""
    BLOCKS = "blocks"
    """This issue blocks the other one."""
    MENTIONS = "mentions"
    """No more than a mention."""


PHRASE_CONFIDENCE = 0.7
MENTION_CONFIDENCE = 0.2

PHRASES: dict[str, Relation] = {
    "blocked by": Relation.BLOCKED_BY,
    "depends on": Relation.BLOCKED_BY,
    "requires": Relation.BLOCKED_BY,
    "waiting on": Relation.BLOCKED_BY,
    "waiting for": Relation.BLOCKED_BY,
    "blocks": Relation.BLOCKS,
}
"""Words that, right before a reference, make it a dependency."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One issue referred to: ``ref`` is a human key (``ABC-12``, ``acme/checkout#7``); ``phrase`` null = mention."""

    ref: str
    relation: Relation
    phrase: str | None = None

    @property
    def confidence(self) -> float:
        """How sure a dependency drawn from it is (METRICS.md 4.1)."""
        return MENTION_CONFIDENCE if self.relation is Relation.MENTIONS else PHRASE_CONFIDENCE


_KEY = r"[A-Z][A-Z0-9_]+-[1-9]\d{0,9}(?![\w-])"
_REPOSITORY = r"[A-Za-z0-9][\w-]{0,38}/[\w.-]{1,100}"
_REFERENCE = rf"""
    (?P<url>https?://[^\s<>"'|\[\]{{}}()]{{1,2000}})
  | (?<![\w./-])(?P<issue>{_REPOSITORY}\#[1-9]\d{{0,9}})\b
  | (?<![\w./-])(?P<key>{_KEY})
  | (?<![\w./&#-])\#(?P<number>[1-9]\d{{0,9}})\b
"""
_PHRASE = "|".join(phrase.replace(" ", r"\s+") for phrase in PHRASES)
_SCAN = re.compile(
    rf"(?:\b(?P<phrase>(?i:{_PHRASE}))\b[:\s]{{1,20}}[(\[<|]{{0,2}})?(?:{_REFERENCE})", re.VERBOSE
)
_ISSUE_ADDRESS = re.compile(
    rf"https?://[^/\s]+/(?:[^?\#\s]*/)?browse/(?P<key>{_KEY})"
    rf"|https?://[^/\s]+/(?:[^?\#\s]*/)?(?P<repository>{_REPOSITORY})/(?:issues|pull)/(?P<number>[1-9]\d{{0,9}})\b"
)


def reference_in_address(url: str) -> str | None:
    """Human key of the issue (or pull request) an address leads to; None when it leads elsewhere."""
    found = _ISSUE_ADDRESS.match(url[:2000])
    if not found:
        return None
    return found["key"] or f"{found['repository']}#{found['number']}"


def find_references(text: str, *, repository: str | None = None) -> list[Reference]:
    """References in ``text``, each issue once, dependencies before mentions, in order of appearance.

    Args:
        text: Plain text, Markdown or Jira wiki markup; code and quotations do not count.
        repository: ``owner/name`` that a bare ``#7`` belongs to; without it, bare numbers mean nothing.
    """
    found: dict[str, Reference] = {}
    for match in _SCAN.finditer(without_quotations(text[:LONGEST_TEXT])):
        ref = _named(match, repository)
        if ref is None:
            continue
        phrase = " ".join(match["phrase"].lower().split()) if match["phrase"] else None
        reference = Reference(ref, PHRASES[phrase] if phrase else Relation.MENTIONS, phrase)
        if ref not in found or (found[ref].phrase is None and phrase):
            found[ref] = reference
    return sorted(found.values(), key=lambda one: one.relation is Relation.MENTIONS)


def relation_of(words: str) -> Relation:
    """Relation that words such as a remote link's "is blocked by" express."""
    spoken = " ".join(words.lower().split())
    return next((relation for phrase, relation in PHRASES.items() if phrase in spoken), Relation.MENTIONS)


def _named(match: re.Match[str], repository: str | None) -> str | None:
    if match["url"]:
        return reference_in_address(match["url"].rstrip(".,;:!?"))
    if match["number"]:
        return f"{repository}#{match['number']}" if repository else None
    return match["issue"] or match["key"]


# --- Code and quotations -----------------------------------------------------------------------------------------

_PAIRS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"<!--"), "-->"),
    (re.compile(r"\{code(?::[^}\n]{0,200})?\}"), "{code}"),
    (re.compile(r"\{noformat(?::[^}\n]{0,200})?\}"), "{noformat}"),
    (re.compile(r"\{quote\}"), "{quote}"),
    (re.compile(r"<pre\b[^>\n]{0,200}>", re.IGNORECASE), "</pre>"),
    (re.compile(r"<code\b[^>\n]{0,200}>", re.IGNORECASE), "</code>"),
    (re.compile(r"<blockquote\b[^>\n]{0,200}>", re.IGNORECASE), "</blockquote>"),
)
_FENCE = re.compile(r"[ ]{0,3}(?P<fence>`{3,}|~{3,})")
_QUOTED_LINE = re.compile(r"[ ]{0,3}>|bq\.\s")
_INLINE_CODE = re.compile(r"(`+)[^`\n]{1,2000}\1|\{\{[^{}\n]{1,2000}\}\}")


def without_quotations(text: str) -> str:
    """``text`` without code blocks, inline code, quotations and HTML comments (Markdown and Jira wiki markup)."""
    for opening, closing in _PAIRS:
        text = _without_pairs(text, opening, closing)
    kept: list[str] = []
    fence = ""
    for line in text.splitlines():
        edge = _FENCE.match(line)
        if fence:
            if edge and edge["fence"].startswith(fence):
                fence = ""
        elif edge:
            fence = edge["fence"]
        elif not _QUOTED_LINE.match(line):
            kept.append(_INLINE_CODE.sub(" ", line))
    return "\n".join(kept)


def _without_pairs(text: str, opening: re.Pattern[str], closing: str) -> str:
    """Cut every stretch from ``opening`` to the next ``closing``; an opening that is never closed stays as it is."""
    lowered, kept, position = text.lower(), [], 0
    while start := opening.search(text, position):
        end = lowered.find(closing, start.end())
        if end < 0:
            break
        kept.append(text[position : start.start()])
        position = end + len(closing)
    return " ".join([*kept, text[position:]]) if kept else text[position:]
