"""The reference of the API, from the description that the service itself gives."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.web.api import openapi
from bot.web.api.operations import OPERATIONS

_WORDS = re.compile(r"\s+")
# Statuses that every call may be answered with, named once at the head of the page.
_ALWAYS = ("401", "403", "422", "429", "500", "503")
_OF_BODIES = ("400", "413", "415")
# Where a value of the type alone would say little, or would not be taken.
_SAMPLES: Mapping[str, Any] = {
    "text": "My bin was missed.",
    "words": "We collect it on Thursday.",
    "subject": "Missed bin",
    "email": "sam@residents.example",
    "reason": "The bin was collected.",
    "contact": "EX-7K3M-9QPH",
    "message": "1",
    "messages": "1",
    "needs": "Large print",
    "after": "4711",
    "channel": "desk",
    "team": "waste",
    "to": "40 working days",
}


def page() -> str:
    """Return the page as it is to be."""
    document = openapi.document(OPERATIONS, "Exampleshire Council")
    return "\n".join(_page(document))


def samples() -> dict[str, Any]:
    """Return the body that the page shows for each operation that takes one."""
    document = openapi.document(OPERATIONS, "Exampleshire Council")
    operations = (operation for methods in document["paths"].values() for operation in methods.values())
    bodies = {each["operationId"]: each["requestBody"] for each in operations if "requestBody" in each}
    schemas = document["components"]["schemas"]
    return {name: _sample(body["content"]["application/json"]["schema"], schemas) for name, body in bodies.items()}


def _page(document: Mapping[str, Any]) -> Iterator[str]:
    schemas = document["components"]["schemas"]
    yield """# The API: every call

Written by `make reference` from the description that the service gives at `GET /api/openapi.json`. How to get a
token, pages, repeats and what each call does to a contact: [the API](../api.md).

Every call carries a token: `Authorization: Bearer TOKEN`. Besides what is named with a call, each may be answered
with 401 (no token, or one that has ended), 403 (the token may not), 422 (a value is not understood; `errors` names
each), 429 (too many calls: `RateLimit-Reset` says when), 500 and 503; each that takes a body also with 400, 413 and
415. Such an answer is a [problem](#problemview).

## Calls
"""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield from _operation(path, method.upper(), operation, schemas)
    yield "## What calls take and answer\n"
    for name, schema in sorted(schemas.items()):
        yield f"### {name}\n"
        if "description" in schema:
            yield f"{_plain(schema['description'])}\n"
        yield from _properties(schema, schemas)


def _operation(path: str, method: str, operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {method} {path}\n\n{operation['summary']}. {_scope(operation['description'])}\n"
    if parameters := operation["parameters"]:
        yield "| parameter | where | value | means |\n|---|---|---|---|"
        for part in parameters:
            where = f"{part['in']}{', needed' if part.get('required') else ''}"
            yield f"| `{part['name']}` | {where} | {_type(part['schema'])} | {_cell(part.get('description', ''))} |"
        yield ""
    body = operation.get("requestBody")
    if body:
        name = _name(body["content"]["application/json"]["schema"])
        yield f"Takes [{name}](#{name.lower()}).\n"
    yield "Answers:\n"
    for status, answer in operation["responses"].items():
        if status not in _ALWAYS and not (body and status in _OF_BODIES):
            yield f"- {status} {answer['description']}: {_content(answer['content'])}"
    yield f"\n```sh\n{_curl(path, method, body, schemas)}\n```\n"


def _scope(description: str) -> str:
    return re.sub(r"(contacts:\w+)", r"`\1`", description)


def _content(content: Mapping[str, Any]) -> str:
    schema = next(iter(content.values()))["schema"]
    return f"[{_name(schema)}](#{_name(schema).lower()})" if "$ref" in schema else "a file"


def _curl(path: str, method: str, body: Mapping[str, Any] | None, schemas: Mapping[str, Any]) -> str:
    address = path.format(reference="EX-7K3M-9QPH", number=1, file=1, name="crm")
    lines = [f'curl --fail-with-body https://contact.example.gov.uk{address} -H "Authorization: Bearer $TOKEN"']
    if method != "GET" and not body:
        lines.append(f"--request {method}")
    if body:
        schema = schemas[_name(body["content"]["application/json"]["schema"])]
        sample = json.dumps(_sample(schema, schemas))
        lines += ['-H "Content-Type: application/json" -H "Idempotency-Key: call-4711"', f"-d '{sample}'"]
    return " \\\n  ".join(lines)


def _sample(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """Return a value of the schema with what must be there; of a choice the first."""
    if "$ref" in schema:
        return _sample(schemas[_name(schema)], schemas)
    properties = schema.get("properties", {})
    choice: Mapping[str, Any] = next((variant for variant in schema.get("anyOf", ()) if "required" in variant), {})
    names = dict.fromkeys([*schema.get("required", ()), *choice.get("required", ())])
    return {name: _SAMPLES.get(name) or _value(properties[name], schemas) for name in names}


def _value(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    if "$ref" in schema:
        return _sample(schema, schemas)
    if "anyOf" in schema:
        return _value(schema["anyOf"][0], schemas)
    if "enum" in schema:
        return next(value for value in schema["enum"] if value)
    if schema.get("type") == "array":
        return [_value(schema["items"], schemas)]
    formats = {"date-time": "2026-11-24T09:15:00+00:00", "date": "2026-11-24"}
    return {"integer": 1, "number": 1, "boolean": True}.get(
        schema["type"], formats.get(schema.get("format", ""), "words")
    )


def _properties(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[str]:
    if not schema.get("properties"):
        yield "It has no fields.\n"
        return
    needed = set(schema.get("required", ()))
    yield "| field | value | means |\n|---|---|---|"
    for name, value in schema["properties"].items():
        description = _cell(value.get("description", ""))
        yield f"| `{name}`{', needed' if name in needed else ''} | {_type(value)} | {description} |"
    yield ""


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return f"[{_name(schema)}](#{_name(schema).lower()})"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(variant) for variant in schema["anyOf"]))
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return ", ".join(f"`{value}`" if value else "empty" for value in values)
    if schema.get("type") == "array":
        return f"a list of {_type(schema.get('items', {}))}"
    return _named(schema)


def _named(schema: Mapping[str, Any]) -> str:
    formats = {"date-time": "an instant (RFC 3339)", "date": "a day", "binary": "a file"}
    names = {"string": "text", "integer": "a number", "number": "a number", "boolean": "true or false", "null": "null"}
    words = formats.get(schema.get("format", "")) or names.get(schema.get("type", ""), "an object")
    most, least = schema.get("maxLength", schema.get("maximum")), schema.get("minimum")
    return words + (f", from {least}" if least is not None else "") + (f", at most {most}" if most is not None else "")


def _name(schema: Mapping[str, Any]) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def _plain(text: str) -> str:
    return _WORDS.sub(" ", text).strip()


def _cell(text: str) -> str:
    return _plain(text).replace("|", "\\|")
