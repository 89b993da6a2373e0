"""The section on velocity judges kept promises by the thresholds of the settings."""

import pytest

from itpm_pipeline.reports.program.content import Tone
from itpm_pipeline.reports.program.velocity import build

MONTH = {
    "period_name": "2026-10", "is_complete": True, "delivered_count": 20, "delivered_per_week": 4.5,
    "delivered_per_week_change": None, "velocity_index": None,
}  # fmt: skip


@pytest.mark.parametrize(("kept", "green", "tone"), [
    (0.85, 0.8, Tone.GOOD), (0.85, 0.9, Tone.WARNING), (0.9, 0.9, Tone.GOOD), (0.7, 0.65, Tone.GOOD),
    (None, 0.8, Tone.PLAIN),
])
def test_commitment_is_green_from_the_configured_threshold_on(kept: float | None, green: float, tone: str) -> None:
    (section,) = build({
        "months": [MONTH | {"pooled_reliability": kept, "predictability_green": green}], "sprints": [],
    })  # fmt: skip
    (figure,) = [one for one in section.figures if one.label == "commitment kept"]
    assert figure.tone == tone
