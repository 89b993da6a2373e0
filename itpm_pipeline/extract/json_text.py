"""JSON as trackers send it, texts of people included that no strict decoder accepts; decoded in whole or in part."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import orjson


class Told(Mapping[str, Any]):
    """An object of an answer: its ``text`` as it came, and of its properties those that reading has to look at.

    It is encoded as its text. To decode a page of issues and encode each of them again takes five times as long.
    """

    __slots__ = ("_seen", "text")

    def __init__(self, text: msgspec.Raw, seen: Mapping[str, Any]) -> None:
        self.text = text
        self._seen = seen

    def __getitem__(self, name: str) -> Any:
        """A property that was decoded."""
        return self._seen[name]

    def get(self, name: str, default: Any = None) -> Any:
        """The same, ``default`` where it is not there."""
        return self._seen.get(name, default)

    def __iter__(self) -> Iterator[str]:
        """Names of the properties that were decoded, and are there."""
        return iter(self._seen)

    def __len__(self) -> int:
        """How many."""
        return len(self._seen)


def loads(content: bytes) -> Any:
    """Decode JSON; raises ValueError for anything else.

    Half of a surrogate pair (a text cut in the middle of an emoji) is legal JSON but no legal text, and neither
    Arrow nor a database takes it: it becomes U+FFFD.
    """
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        if b"\\u" not in content:
            raise
        return _mended(json.loads(content))


def loads_in_part(content: bytes, decoder: "msgspec.json.Decoder[Any]") -> Any:
    """Decode what the type of ``decoder`` tells of; texts are mended as in :func:`loads`, ValueError as there."""
    try:
        return decoder.decode(content)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        if b"\\u" not in content:
            raise
        return decoder.decode(dumps(loads(content)))


def dumps(value: Any) -> bytes:
    """Encode compactly, keys in the order they came; what was left as text stays as it is."""
    return orjson.dumps(value, default=_as_it_came)


def _as_it_came(value: Any) -> orjson.Fragment:
    text = value.text if isinstance(value, Told) else value
    if not isinstance(text, msgspec.Raw):
        raise TypeError(f"{type(value).__name__} is no JSON")
    return orjson.Fragment(bytes(text))


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return value
