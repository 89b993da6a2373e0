"""Collections are rare while records are under way, and as before afterwards."""

import gc

import pytest

from itpm_pipeline.ingest.garbage import rare_collections


def test_thresholds_are_as_before_even_after_a_failure():
    before = gc.get_threshold()
    within = []

    def fail():
        with rare_collections():
            within.append(gc.get_threshold())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert within[0][0] > 10 * before[0]
    assert gc.get_threshold() == before
