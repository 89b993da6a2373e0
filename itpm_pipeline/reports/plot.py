"""A plot: which rows of the marts it reads and which charts it makes of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from itpm_pipeline.reports.chart import Chart
from itpm_pipeline.reports.diagram import Diagram

Row = Mapping[str, Any]
"""A row of a query by column name; instants are aware."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot belongs to the ``model`` that holds its numbers; there it is shown.

    ``name``: unique, in words (``velocity chart``). ``query``: a select in DuckDB's SQL over ``{{ ref('…') }}``, in the
    portable idioms that models are bound to. ``draw``: a pure function from the rows to charts (or diagrams, which
    are drawn already), the most important first; no rows or nothing to show gives no chart, never an empty one.
    """

    name: str
    model: str
    query: str
    draw: Callable[[Sequence[Row]], Sequence[Chart | Diagram]]

    @property
    def file_stem(self) -> str:
        """Beginning of the names of its files."""
        return self.name.replace(" ", "-")
