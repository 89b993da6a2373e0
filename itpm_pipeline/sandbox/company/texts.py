"""What people write: titles, descriptions, and texts that try to break whatever shows them."""

from random import Random

_VERBS = (
    "Add", "Show", "Validate", "Cache", "Migrate", "Retry", "Log", "Encrypt", "Export", "Import", "Simplify", "Remove",
    "Speed up", "Document", "Monitor", "Rename", "Localise", "Paginate",
)
_OBJECTS = (
    "invoice totals", "card tokens", "session cookies", "refund flow", "delivery address", "search results",
    "audit trail", "login form", "basket summary", "SEPA mandates", "rate limits", "push notifications",
    "customer profile", "nightly export", "error pages", "price rules", "consent banner", "order history",
    "stock levels", "webhook signatures", "ledger entries", "exchange rates", "dashboard tiles", "feature flags",
)
_PLACES = (
    "in checkout", "for guests", "on mobile", "for business customers", "in the back office", "for EU countries",
    "behind a flag", "in the new API", "for support agents", "on the landing page",
)
_BUGS = (
    "{object} wrong after midnight", "Timeout when loading {object}", "Crash on empty {object}",
    "{object}: duplicate entries", "Users see stale {object}", "{object} ignores the time zone",
)
_INCIDENTS = (
    "Payment provider answers 503", "Database failover took 9 minutes", "Queue of {object} grows",
    "Disk full on node 7",
    "Latency of {object} above SLO", "Certificate expired",
)
_SENTENCES = (
    "Customers asked for this in the last survey.", "The current behaviour surprises new users.",
    "We agreed on this in the architecture forum.", "Numbers differ between the report and the screen.",
    "Support receives about ten tickets a week.", "Legal needs it before the next audit.",
    "See the design in the team folder.", "The old code path stays until the switch is complete.",
)
_EPICS = (
    "Instant refunds", "Guest checkout", "Ledger consolidation", "Two-factor login", "Self-service returns",
    "New card processor", "Streaming ingestion", "Data catalogue", "Customer inbox", "Price engine",
    "Accessibility", "Observability", "Cost reduction", "Consent management", "Offline mode", "Partner API",
)

HOSTILE_TITLES: tuple[str, ...] = (
    '<script>alert("title")</script><img src=x onerror=alert(1)>',
    "Robert'); DROP TABLE issue; --",
    "=cmd|' /C calc'!A0",
    "\x1b[31mred alert\x1b[0m\x1b]0;owned\x07",
    "Refund \u202egnp.exe\u202c attachment",
    "🚀 Ship it 🧑‍💻 — ünïcödé ☃ 漢字",
    "Very long title " + "x" * 239,
    "Title with\na line break and\ttab",
    '{"key": "PAY-1", "fields": null}',
    "{{ 7 * 7 }} ${HOME} %s {0}",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "NULL",
)
"""Titles of 255 characters at most, as both trackers allow."""

HOSTILE_LABELS: tuple[str, ...] = ("<b>bold</b>", "a,b;c", "=1+1", "naïve-日本", "'quoted'")


class Writer:
    """Writes plausible texts from a stream of random numbers."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def story(self) -> str:
        """Title of a story or task."""
        pick = self._random.choice
        return f"{pick(_VERBS)} {pick(_OBJECTS)} {pick(_PLACES)}"

    def bug(self) -> str:
        """Title of a bug."""
        title = self._random.choice(_BUGS).format(object=self._random.choice(_OBJECTS))
        return title[0].upper() + title[1:]

    def incident(self) -> str:
        """Title of an incident."""
        return self._random.choice(_INCIDENTS).format(object=self._random.choice(_OBJECTS))

    def epic(self, number: int) -> str:
        """Title of an epic; later ones of the same topic are numbered."""
        turn, topic = divmod(number, len(_EPICS))
        return _EPICS[topic] + (f", part {turn + 1}" if turn else "")

    def description(self) -> str:
        """One to three paragraphs."""
        return "\n\n".join(self._random.sample(_SENTENCES, self._random.randint(1, 3)))


def slug(title: str) -> str:
    """A title as part of a branch name."""
    words = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in title.lower()).split()
    return "-".join(words[:4]) or "change"
