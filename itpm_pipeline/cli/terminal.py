"""Text from trackers on its way to a terminal."""

import unicodedata


def printable(text: str) -> str:
    """Control characters as question marks: a summary must not move the cursor or colour the screen."""
    return "".join("?" if unicodedata.category(letter) in {"Cc", "Cf"} else letter for letter in text)
