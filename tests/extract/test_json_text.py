"""JSON with half surrogate pairs is read; anything else that is no JSON fails."""

from typing import TypedDict

import msgspec
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


class Page(TypedDict, total=False):
    rows: list[msgspec.Raw]


PAGE = msgspec.json.Decoder(Page)


def test_what_is_not_decoded_stays_as_it_came():
    page = json_text.loads_in_part(rb'{"more": {}, "rows": [{"b":1.10, "a":"\/\u00e9"}]}', PAGE)
    told = json_text.Told(page["rows"][0], {"b": 1.1})
    assert (told["b"], told.get("a"), dict(told)) == (1.1, None, {"b": 1.1})
    assert json_text.dumps(told) == rb'{"b":1.10, "a":"\/\u00e9"}'
    assert json_text.dumps({"all": [told, page["rows"][0]]}).count(rb'"a":"\/\u00e9"') == 2


def test_half_a_surrogate_pair_is_mended_in_what_is_not_decoded():
    page = json_text.loads_in_part(rb'{"rows": [{"a": "x\ud800y"}, 1.5]}', PAGE)
    assert json_text.dumps(page) == '{"rows":[{"a":"x\ufffdy"},1.5]}'.encode()


@pytest.mark.parametrize(
    "broken", [b"", b"{", b'{"rows": [{"a', b'{"rows": [tru]}', b"<html>", b'{"rows": 1}', b"[]", rb'{"a":"\ud800"']
)
def test_a_part_of_something_else_is_refused(broken):
    with pytest.raises(ValueError, match=r".+"):
        json_text.loads_in_part(broken, PAGE)


def test_what_is_no_json_is_not_encoded():
    with pytest.raises(TypeError, match="not JSON serializable: object"):
        json_text.dumps({"a": object()})
