"""A message to people, and its forms. Text from trackers and errors is hostile: it must not become markup."""

from dataclasses import dataclass

LONGEST_LINE = 300
_SLACK_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
"""What Slack documents; without it ``<!channel>`` or ``<https://…|text>`` in a title would ping or mislead people."""


@dataclass(frozen=True, slots=True)
class Message:
    """A headline and some lines, plain text."""

    headline: str
    lines: tuple[str, ...] = ()

    def to_slack(self) -> dict[str, object]:
        """Body for a Slack-compatible webhook; nothing in it is read as markup or as a link."""
        text = "\n".join(_plain(line).translate(_SLACK_ESCAPES) for line in (self.headline, *self.lines))
        return {"text": text, "mrkdwn": False, "unfurl_links": False}

    def to_text(self) -> str:
        """Body of an e-mail."""
        return "\n".join(_plain(line) for line in (self.headline, "", *self.lines)) + "\n"

    def subject(self) -> str:
        """Headline as a header: one line."""
        return _plain(self.headline)


def _plain(text: str) -> str:
    """One printable line: no control characters, no line breaks that would forge further lines."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + "…"
