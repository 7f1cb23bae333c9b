"""The description of the API (OpenAPI 3.1), generated from the operations and the models that they really use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, JsonSchemaValue, models_json_schema

from bot.web.api import problems
from bot.web.api.models import ProblemView
from bot.web.api.requests import REFERENCE

Model = type[BaseModel]
# The place of the schema of each (model, mode): what is taken and what is answered may differ.
References = Mapping[Any, JsonSchemaValue]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address; `refuses` are the statuses of its problems besides those that every one has.

    It answers a model, or (None) a file.
    """

    method: str
    path: str
    name: str
    summary: str
    scope: str
    answers: Model | None
    takes: Model | None = None
    query: Model | None = None
    status: HTTPStatus = HTTPStatus.OK
    refuses: tuple[HTTPStatus, ...] = ()


_ALWAYS = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_WITH_BODY = (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
_LIMITS = {
    "RateLimit-Limit": "How many calls a minute are taken.",
    "RateLimit-Remaining": "How many are left now.",
    "RateLimit-Reset": "In how many seconds all of them are left again.",
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "A key of your own: the same call with the same key is done once, for a day.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
_IN_PATH: dict[str, dict[str, Any]] = {
    "reference": {"schema": {"type": "string", "pattern": REFERENCE}, "example": "EX-7K3M-9QPH"},
    "number": {"schema": {"type": "integer", "minimum": 1}, "description": "The `id` of a message."},
    "name": {"schema": {"type": "string", "pattern": r"^[a-z][a-z0-9-]{0,39}$"}, "example": "crm"},
    "file": {"schema": {"type": "integer", "minimum": 1}, "description": "The number of a file of it."},
}
_FILE = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


def document(operations: Sequence[Operation], organisation: str) -> dict[str, Any]:
    """The description as JSON-like values."""
    models: set[tuple[Model, JsonSchemaMode]] = {(ProblemView, "serialization")}
    for operation in operations:
        models |= {(operation.answers, "serialization")} if operation.answers else set()
        models |= {(model, "validation") for model in (operation.takes, operation.query) if model}
    references, schemas = models_json_schema(sorted(models, key=str), ref_template="#/components/schemas/{model}")
    definitions = schemas["$defs"]
    paths: dict[str, Any] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, definitions, references)
    for operation in operations:
        if operation.query:
            definitions.pop(operation.query.__name__, None)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"Ackbot for {organisation}",
            "version": "1",
            "description": "Record contacts, read them, act on them, and follow what happens to them.",
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": definitions,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "headers": {name: {"description": d, "schema": {"type": "integer"}} for name, d in _LIMITS.items()},
        },
    }


def _operation(operation: Operation, definitions: dict[str, Any], references: References) -> dict[str, Any]:
    names = [name for name in _IN_PATH if f"{{{name}}}" in operation.path]
    parameters: list[Any] = [{"name": name, "in": "path", "required": True, **_IN_PATH[name]} for name in names]
    parameters += _query(definitions[operation.query.__name__]) if operation.query else []
    parameters += [_KEY] if operation.takes else []
    refusals = (*_ALWAYS, *operation.refuses, *(_WITH_BODY if operation.takes else ()))
    answer = references[operation.answers, "serialization"] if operation.answers else None
    problem = references[ProblemView, "serialization"]
    description: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": f"Needs the scope {operation.scope}.",
        "parameters": parameters,
        "responses": {
            str(operation.status.value): _answer(operation.status.phrase, "application/json", answer),
            **{str(s.value): _answer(s.phrase, problems.CONTENT_TYPE, problem) for s in sorted(refusals)},
        },
    }
    if operation.takes:
        schema = references[operation.takes, "validation"]
        description["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return description


def _answer(phrase: str, kind: str, reference: JsonSchemaValue | None) -> dict[str, Any]:
    content = {kind: {"schema": reference}} if reference else _FILE
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in _LIMITS}
    return {"description": phrase, "headers": headers, "content": content}


def _query(schema: dict[str, Any]) -> list[dict[str, Any]]:
    parameters = []
    for name, value in schema["properties"].items():
        plain = {k: v for k, v in value.items() if k not in ("title", "description", "anyOf")}
        first: dict[str, Any] = next(
            (variant for variant in value.get("anyOf", ()) if variant.get("type") != "null"), {}
        )
        schema_of = {**first, **plain}
        schema_of.pop("default", None) if schema_of.get("default", "") is None else None
        parameters.append(
            {"name": name, "in": "query", "description": value.get("description", ""), "schema": schema_of}
        )
    return parameters
