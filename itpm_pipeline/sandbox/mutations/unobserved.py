"""Nobody notes down what becomes of a company after its simulation."""

from collections.abc import Iterable

from itpm_pipeline.sandbox.company.model import Truth
from itpm_pipeline.sandbox.company.truth import Observer, Standing


class Unobserved(Observer):
    """An observer that looks away: the truth stays that of the simulation."""

    def __init__(self) -> None:
        super().__init__(Truth())

    def born(self, issue: str, category: str = "todo") -> None:
        """Not noted."""

    def moved(self, issue: str, category: str, at: int) -> None:
        """Not noted."""

    def box_opened(self, sprint: str, start: int, standings: Iterable[Standing]) -> None:
        """Not noted."""

    def in_box(self, sprint: str, standing: Standing) -> None:
        """Not noted."""

    def box_closed(self, sprint: str, end: int) -> None:
        """Not noted."""
