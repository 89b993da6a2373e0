"""JSON as trackers send it, texts of people included that no strict decoder accepts."""

import json
from typing import Any

import orjson


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


def dumps(value: Any) -> bytes:
    """Encode compactly, keys in the order they came."""
    return orjson.dumps(value)


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return value
