"""JSON with half surrogate pairs is read; anything else that is no JSON fails."""

import pytest

from itpm_pipeline.extract import json_text


def test_half_a_surrogate_pair_becomes_a_replacement_character():
    value = json_text.loads(rb'{"a\ud800":["x\udc00y", "\ud83d\ude00", "\\ud800"], "n": 1.5}')
    assert value == {"a\ufffd": ["x\ufffdy", "\U0001f600", "\\ud800"], "n": 1.5}
    assert json_text.loads(json_text.dumps(value)) == value


def test_order_of_keys_and_kind_of_numbers_stay():
    text = b'{"z":1,"a":1.0,"m":null,"id":"007"}'
    assert json_text.dumps(json_text.loads(text)) == text


@pytest.mark.parametrize("broken", [b"", b"{", b'{"a":"\\ud800"', b"<html>\\u0041</html>", b"\xff"])
def test_other_things_are_refused(broken):
    with pytest.raises(ValueError, match=r".+"):
        json_text.loads(broken)
