"""What a run tells of its progress while it works; who shows it decides how."""

from typing import Protocol


class Progress(Protocol):
    """Receives progress; called from several threads."""

    def started(self, total: int | None, what: str) -> None:
        """``what`` begins; it has ``total`` steps, None: nobody knows yet."""

    def advanced(self, what: str, steps: int = 1) -> None:
        """``what`` is so many steps further."""

    def finished(self, what: str) -> None:
        """``what`` is over, well or not."""


class Silent:
    """Shows nothing."""

    def started(self, total: int | None, what: str) -> None:
        """Ignored."""

    def advanced(self, what: str, steps: int = 1) -> None:
        """Ignored."""

    def finished(self, what: str) -> None:
        """Ignored."""
