"""Atlassian's OpenAPI documents as JSON Schema, with what real sites send otherwise worked in."""

import gzip
import json
from pathlib import Path
from typing import Any

from jira_server_requests import Sent
from jsonschema import Draft202012Validator

PLATFORM, SOFTWARE = "jira-platform-v3-openapi.json.gz", "jira-software-openapi.json.gz"
TEXT_OR_NULL = {"type": ["string", "null"]}

DEVIATIONS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    # document, schema, property, what the real service sends there
    # Seen on live sites: nulls where nothing was or is, and a pair of account ids of people.
    *((PLATFORM, "ChangeDetails", name, TEXT_OR_NULL) for name in ("from", "fromString", "to", "toString")),
    *((PLATFORM, "ChangeDetails", name, TEXT_OR_NULL) for name in ("tmpFromAccountId", "tmpToAccountId")),
    *((SOFTWARE, "ChangeDetails", name, TEXT_OR_NULL) for name in ("from", "fromString", "to", "toString")),
    # In changelog/bulkfetch the schema says string, the example is a number, clients had to learn to read numbers.
    (PLATFORM, "Changelog", "created", {"type": ["string", "integer"]}),
    # In the examples of the specification itself, but not in its schemas.
    (PLATFORM, "ServerInformation", "defaultLocale", {"type": "object"}),
    (PLATFORM, "BulkIssueResults", "expand", {"type": "string"}),
    # Seen on live sites.
    (PLATFORM, "FieldDetails", "untranslatedName", {"type": "string"}),
    *((SOFTWARE, "LocationBean", name, {"type": "string"}) for name in ("key", "id", "self", "name")),
)


def read_documents(shared: Path) -> dict[str, Any]:
    """The two specifications, with ``nullable`` in JSON Schema's words and the deviations worked in."""
    found = {}
    for name in (PLATFORM, SOFTWARE):
        with gzip.open(shared / "specs" / name) as file:
            found[name] = _in_json_schema(json.load(file))
    for name, document in found.items():
        schemas = document["components"]["schemas"]
        real: dict[str, dict[str, Any]] = {}
        for where, schema, field, shape in DEVIATIONS:
            if where == name:
                real.setdefault(schema, {})[field] = shape
        for schema, fields in real.items():
            _work_in(document, dict(schemas[schema]["properties"]), fields)
    return found


def _work_in(node: Any, properties: dict[str, Any], real: dict[str, Any]) -> None:
    """Into every copy of the schema with these properties: the software document repeats schemas in place."""
    for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _work_in(part, properties, real)
    if isinstance(node, dict) and node.get("properties") == properties:
        node["properties"] = properties | real


def _in_json_schema(node: Any) -> Any:
    if isinstance(node, list):
        return [_in_json_schema(part) for part in node]
    if not isinstance(node, dict):
        return node
    converted = {key: _in_json_schema(value) for key, value in node.items() if key not in ("example", "format")}
    if converted.pop("nullable", None) is True and isinstance(converted.get("type"), str):
        converted["type"] = [converted["type"], "null"]
    return converted


def _schema(document: dict[str, Any], sent: Sent) -> dict[str, Any]:
    answers = document["paths"][sent.template][sent.method.lower()]["responses"]
    content = answers["200"].get("content", {})
    schema = next((body["schema"] for body in content.values() if "schema" in body), None)
    assert schema is not None, "the specification has no schema for this answer: list it with unspecified=True"
    return {"type": "array", "items": schema} if sent.is_list_of_it else schema


def violations(sent: Sent, answer: Any, documents: dict[str, Any]) -> list[str]:
    """Where an answer is not as its specification says."""
    document = documents[SOFTWARE if "/agile/" in sent.template else PLATFORM]
    schema = {**_schema(document, sent), "components": document["components"]}
    errors = sorted(Draft202012Validator(schema).iter_errors(answer), key=lambda error: list(error.path))
    return [f"{list(error.path)}: {error.message[:300]}" for error in errors[:10]]
