"""What the library says of a table that cannot be used -> mistakes in plain words, without a value that is secret."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError

from bot.core.mistakes import Mistake, as_text, did_you_mean

Keys = tuple[int | str, ...]
Words = tuple[str, str]
# Texts that may hold a password, as addresses may, although they are no secret for the rest of the program.
_SECRET_NAMES = frozenset({"alert", "lead", "manager", "head", "director"})
# What follows from another mistake.
_ECHOES = frozenset({"default_factory_not_called"})
_OF_NO_TABLE = ("tuple_type", "model_type", "dict_type")
# A value of another sort: of several ways to write one, it was hardly this that its writer meant.
_OF_ANOTHER_SORT = frozenset(
    {"tuple_type", "list_type", "dict_type", "mapping_type", "string_type", "bool_type", "bool_parsing"}
)
# So many keys are listed after a suggestion, too.
_FEW = 8
_QUOTED = re.compile(r"'([^']*)'")

_TEXT = "is no text", "allowed: text in quotes"
_WHOLE = "is no whole number", "allowed: a whole number, without quotes"
_NUMBER = "is no number", "allowed: a number, without quotes"
_SWITCH = "is neither true nor false", "allowed: true or false, without quotes"
_DAY = "is no date", "allowed: a date without quotes, as in 2026-12-24"
_LIST = "is no list", 'allowed: a list in square brackets, as in ["one", "two"]'
_TABLE = "is no table", "allowed: a table, with its keys on the lines below it"
_NETWORK = "is no address of a network", 'allowed: "10.0.0.5" or "10.0.0.0/8"'

_WORDS: Mapping[str, Words] = {
    **dict.fromkeys(("string_type", "string_unicode", "path_type"), _TEXT),
    **dict.fromkeys(("int_type", "int_parsing", "int_parsing_size", "int_from_float"), _WHOLE),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), _NUMBER),
    **dict.fromkeys(("bool_type", "bool_parsing"), _SWITCH),
    **dict.fromkeys(("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"), _DAY),
    **dict.fromkeys(("tuple_type", "list_type"), _LIST),
    **dict.fromkeys(("dict_type", "mapping_type", "model_type", "model_attributes_type"), _TABLE),
    "ip_any_network": _NETWORK,
    "missing": ("is missing", ""),
}
# With the bound that the value does not keep.
_BOUNDS: Mapping[str, tuple[str, str, str]] = {
    "greater_than_equal": ("is too small", "allowed: {} or more", "ge"),
    "greater_than": ("is too small", "allowed: more than {}", "gt"),
    "less_than_equal": ("is too large", "allowed: {} or less", "le"),
    "less_than": ("is too large", "allowed: less than {}", "lt"),
    "string_too_short": ("is too short", "allowed: characters, {} or more", "min_length"),
    "string_too_long": ("is too long", "allowed: characters, {} at most", "max_length"),
    "too_short": ("has too little in it", "allowed: {} or more", "min_length"),
    "too_long": ("has too much in it", "allowed: {} at most", "max_length"),
}


def explain(
    error: ValidationError, model: type[BaseModel], table: Any, is_hidden: Callable[[Keys], bool]
) -> list[Mistake]:
    """Return what is wrong with a table of this class, without its file; keys are written from the table on.

    `is_hidden` tells of the keys whose values came from elsewhere, and are not shown.
    """
    mistakes, unions = list[Mistake](), dict[Keys, list[tuple[str, Mistake]]]()
    for fault in error.errors(include_url=False):
        keys, union = _keys(model, table, fault["loc"])
        has_secret = fault["loc"][-1:] == ("[key]",) or is_hidden(keys) or _is_secret(model, keys)
        message, advice = _words(fault, model, keys)
        value = "" if has_secret or fault["type"] in ("missing", "extra_forbidden") else as_text(fault["input"])
        mistake = Mistake(key=key_of(keys), message=message, advice=advice, value=value)
        if union is not None:
            unions.setdefault(union, []).append((fault["type"], mistake))
        elif fault["type"] not in _ECHOES:
            mistakes.append(mistake)
    return _without_echoes([*mistakes, *(_likeliest(branches) for branches in unions.values())])


def _without_echoes(mistakes: list[Mistake]) -> list[Mistake]:
    """Leave out that a key is missing where it is there, but misspelt."""
    questions = {(m.key.rpartition(".")[0], m.advice.partition("?")[0]) for m in mistakes}

    def is_misspelt(mistake: Mistake) -> bool:
        head, _, name = mistake.key.rpartition(".")
        return mistake.message == "is missing" and (head, did_you_mean(name, [name]).rstrip("?")) in questions

    return [mistake for mistake in mistakes if not is_misspelt(mistake)]


def key_of(keys: Sequence[int | str]) -> str:
    """Return keys as people read them: channel[2].port."""
    parts = (f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in keys)
    return "".join(parts).lstrip(".")


def _keys(model: type[BaseModel], table: Any, location: Keys) -> tuple[Keys, Keys | None]:
    """Return the keys of a place, and those of the value in it that may be written in several ways, if there is one.

    The library names each of those ways, and what it calls a key of a table, within the place.
    """
    value, keys, union = table, list[int | str](), None
    for part in location:
        is_item = isinstance(part, int) and isinstance(value, list | tuple) and part < len(value)
        is_key = isinstance(value, Mapping) and part in value
        if is_item or is_key:
            value = value[part]
            keys.append(part)
        elif isinstance(part, str) and _field(model, (*keys, part)) is not None:
            value = None
            keys.append(part)
        elif part != "[key]" and union is None:
            union = tuple(keys)
    return tuple(keys), union


def _likeliest(branches: list[tuple[str, Mistake]]) -> Mistake:
    """Return one mistake for a value that fits none of several ways to write it: in the way that its writer meant."""
    deepest = max((mistake for _, mistake in branches), key=lambda mistake: len(mistake.key))
    of_its_sort = [m for kind, m in branches if kind not in _OF_ANOTHER_SORT and m.key == deepest.key]
    if of_its_sort or any(mistake.key != deepest.key for _, mistake in branches):
        return next(iter(of_its_sort), deepest)
    ways = dict.fromkeys(mistake.advice.removeprefix("allowed: ") for _, mistake in branches)
    return replace(deepest, message="", advice=f"allowed: {'; or '.join(ways)}")


def _words(fault: Any, model: type[BaseModel], keys: Keys) -> Words:
    """Return what is wrong, and what is allowed."""
    kind, context = fault["type"], fault.get("ctx", {})
    if kind in ("missing", *_OF_NO_TABLE) and (header := _header(model, keys)):
        return _of_table(kind, header)
    if kind == "extra_forbidden":
        return "is not a known key", _key_advice(model, keys)
    if kind in ("literal_error", "enum"):
        return "", _one_of(fault["input"], _QUOTED.findall(str(context.get("expected"))))
    if kind in _BOUNDS:
        message, advice, limit = _BOUNDS[kind]
        is_empty = context[limit] == 1 and kind.endswith("too_short")
        return ("is empty", "") if is_empty else (message, advice.format(context[limit]))
    message, label, choices = str(context.get("error", "")).partition("allowed: ")
    return _WORDS.get(kind) or (message.rstrip("; "), label + choices)


def _of_table(kind: str, header: str) -> Words:
    if kind == "missing":
        return "is missing", f"write a table {header}"
    return _TABLE[0], f"allowed: tables, each under {header}" if header[1] == "[" else f"allowed: a table {header}"


def _one_of(value: Any, values: list[str]) -> str:
    return f"{did_you_mean(str(value), values)} allowed: {', '.join(map(json.dumps, values))}".strip()


def _key_advice(model: type[BaseModel], keys: Keys) -> str:
    """Return what to do about a key that nobody knows: which was meant, where it belongs, or what there is."""
    name, table = str(keys[-1]), _model(model, keys[:-1])
    names = sorted(table.model_fields) if table else []
    fields = model.model_fields.items()
    homes = [key for key, field in fields if any(name in m.model_fields for m in _models(field.annotation))]
    question = did_you_mean(name, names)
    if homes and not question:
        return f"it belongs in [{homes[0]}]"
    if not names or (question and len(names) > _FEW):
        return question
    return f"{question} known are {', '.join(names)}".strip()


def _header(model: type[BaseModel], keys: Keys) -> str:
    """Return how the table of a file is headed, [web] or [[team]]; "" for what is no table at the top of a file."""
    field = model.model_fields.get(str(keys[0])) if len(keys) == 1 else None
    if field is None or not (list(_models(field.annotation)) or dict in _parts(field.annotation)):
        return ""
    return f"[[{keys[0]}]]" if tuple in _parts(field.annotation) else f"[{keys[0]}]"


def _is_secret(model: type[BaseModel], keys: Keys) -> bool:
    field = _field(model, keys)
    names = {part for part in keys if isinstance(part, str)}
    if names & _SECRET_NAMES or any("url" in name for name in names):
        return True
    return field is not None and SecretStr in _parts(field.annotation)


def _field(model: type[BaseModel], keys: Keys) -> Any:
    """Return the field that the last of the keys names; None where there is none."""
    names = [index for index, part in enumerate(keys) if isinstance(part, str)]
    if not names:
        return None
    table = _model(model, keys[: names[-1]])
    return table.model_fields.get(str(keys[names[-1]])) if table else None


def _model(model: type[BaseModel], keys: Keys) -> type[BaseModel] | None:
    """Return the class of the table that the keys lead to; None where it has none."""
    for part in keys:
        if isinstance(part, str):
            field = model.model_fields.get(part)
            models = list(_models(field.annotation)) if field else []
            if not models:
                return None
            model = models[0]
    return model


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the classes of tables within `Table`, `tuple[Table, ...]` or `Table | None`."""
    yield from (part for part in _parts(annotation) if isinstance(part, type) and issubclass(part, BaseModel))


def _parts(annotation: Any) -> Iterator[Any]:
    """Yield a type and everything that it is made of."""
    yield get_origin(annotation) or annotation
    for part in get_args(annotation):
        yield from _parts(part)
