"""What is wrong with a value of a configuration, and what is allowed: in plain words, without patterns or types."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, get_args

from pydantic import BaseModel

from bot.core.suggestions import suggestion

_SHOWN_VALUE_LENGTH = 60
_SECRET_KEYS = ("secret", "password", "token", "key", "oauth", "url")
_ANY_ADDRESS = "must be an address such as https://www.example.gov.uk/page"
_NAME = "must begin with a small letter and have small letters, digits and hyphens after it, 40 characters at most"
_WIDE_NAME = _NAME.replace("and hyphens", "hyphens and underscores")
_LISTEN = "must be an address and a port, such as 127.0.0.1:8080"
_MAIL = "must be an address such as name@example.gov.uk"
_PRINTABLE = "must have no spaces, control characters or letters beyond those of English"
_PLAIN_LINE = "must be one line of letters, digits and signs as they are on an English keyboard"
_HOST = "must be the name of a host, such as www.example.gov.uk"
# Every pattern of a setting, in words: tests/cli/test_advice.py asks for each.
PATTERNS = MappingProxyType(
    {
        r"^(sqlite:///|postgresql://).+": "must begin with sqlite:/// or postgresql://",
        r"^[!-9;-~]{0,80}$": "must be the name of a header field, such as X-Spam-Flag, without a colon",
        r"^(mailto:)\S+@\S+$": "must be an address such as mailto:name@example.gov.uk",
        r"^$|^(mailto:)\S+@\S+$": "must be an address such as mailto:name@example.gov.uk",
        r"^[a-z][a-z0-9-]{0,39}$": _NAME,
        r"^([a-z][a-z0-9_-]{0,39})?$": _WIDE_NAME,
        r"^[a-z][a-z0-9_-]{0,39}$": _WIDE_NAME,
        r"^[^@\s]+@[^@\s]+$": _MAIL,
        r"^[^@\s/?#%]+@[^@\s/?#%]+$": _MAIL,
        r"^$|^[^@\s/?#%]+@[^@\s/?#%]+$": _MAIL,
        r"^([^\s@]+@[^\s@]+\.[^\s@]+)?$": _MAIL,
        r"^[A-Za-z0-9._-]{0,255}$": "must be a name such as mx.example.gov.uk",
        r"^(\[[0-9a-fA-F:.]+\]|[^:\s\[\]]+):\d{1,5}$": _LISTEN,
        r"^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$": _LISTEN,
        r"^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})?$": (
            "must be the ID of a template as the provider shows it: digits, and letters from a to f, in five groups"
        ),
        r"^[A-Za-z0-9][A-Za-z0-9.-]{0,254}$": "must be the ID of the tenant, or its domain",
        r"^[\x21-\x7e]+$": _PRINTABLE,
        r"^[\x21-\x7e]+( [\x21-\x7e]+)*$": "must be words of letters, digits and signs, with one space between them",
        r"^[^\x00-\x1f\x7f]+$": "must be one line of text",
        r"^[\x20-\x7e]+$": _PLAIN_LINE,
        r"^[\x20-\x7e]*$": _PLAIN_LINE,
        r"^[^\s\x00-\x1f\x7f]+$": "must be the name or the address of a host, without spaces",
        r"^(https://[^\s?#]+)?$": "must be an address that begins with https://, without ? and #",
        r"^(https://\S+)?$": "must be an address that begins with https://",
        r"^\d{1,30}$": "must be a number as the platform shows it, in quotes",
        r"^(https?://\S+)?$": _ANY_ADDRESS,
        r"^https?://[\x21-\x7e]+$": _ANY_ADDRESS,
        r"^[A-Z]{2,4}$": "must be two to four capital letters, such as EX",
        r"^[a-z0-9-]+(\.[a-z0-9-]+)+$": _HOST,
        r"^\.?[a-z0-9-]+(\.[a-z0-9-]+)+$": "must be the name of a host, or of all below one, such as .example.org",
        r"^@?\w{4,32}$": "must be a user name of 4 to 32 letters, digits and underscores",
        r"^(@?\w{4,32})?$": "must be a user name of 4 to 32 letters, digits and underscores",
        r"^[A-Za-z0-9.-]{3,253}$": "must be a handle such as council.example.org, without @",
        r"^did:[a-z]+:[A-Za-z0-9._:%-]+$": "must be a DID such as did:web:api.bsky.chat",
        r"^[a-z]{2}$": "must be the code of a language, such as cy",
        r"^[\w-]+$": "must be the name of a header field, such as X-Signature",
    }
)
_TYPES = MappingProxyType(
    {
        "string_type": "must be text, in quotes",
        "int_type": "must be a whole number, without quotes",
        "int_parsing": "must be a whole number",
        "int_from_float": "must be a whole number",
        "float_type": "must be a number, without quotes",
        "float_parsing": "must be a number",
        "bool_type": "must be true or false, without quotes",
        "bool_parsing": "must be true or false, without quotes",
        "tuple_type": "must be a list in square brackets",
        "list_type": "must be a list in square brackets",
        "set_type": "must be a list in square brackets",
        "frozen_set_type": "must be a list in square brackets",
        "dict_type": "must be a table",
        "mapping_type": "must be a table",
        "model_type": "must be a table",
        "model_attributes_type": "must be a table",
        "date_type": "must be a day such as 2026-12-25, without quotes",
        "date_parsing": "must be a day such as 2026-12-25",
        "date_from_datetime_parsing": "must be a day such as 2026-12-25",
        "date_from_datetime_inexact": "must be a day such as 2026-12-25, without a time",
        "time_type": "must be a time such as 09:00:00, without quotes",
        "time_parsing": "must be a time such as 09:00",
        "time_delta_type": "must be a length of time",
        "time_delta_parsing": "must be a length of time",
        "datetime_type": "must be a day with a time, such as 2026-12-25T09:00:00",
        "ip_any_network": "must be an address or a network, such as 10.0.0.0/8",
        "url_type": _ANY_ADDRESS,
        "url_parsing": _ANY_ADDRESS,
        "finite_number": "must be a number",
    }
)
_BOUNDS = MappingProxyType(
    {
        "greater_than_equal": ("ge", "must be {} or more"),
        "greater_than": ("gt", "must be more than {}"),
        "less_than_equal": ("le", "must be {} or less"),
        "less_than": ("lt", "must be less than {}"),
        "string_too_short": ("min_length", "must have {} or more characters"),
        "string_too_long": ("max_length", "must have {} or fewer characters"),
        "too_short": ("min_length", "must have {} or more entries"),
        "too_long": ("max_length", "must have {} or fewer entries"),
    }
)


def line(fault: Any, model: type[BaseModel], at: str) -> str:
    """Return key, value and advice for one fault that Pydantic reports; `at` is where the table of the model stands."""
    return f"{key(fault, at)}{_value(fault)}{_advice(fault, model)}"


def key(fault: Any, at: str) -> str:
    """Return where the fault is: the keys of the tables and the numbers in lists, from 1."""
    parts = [f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in fault["loc"]]
    return (at + "".join(parts)).lstrip(".")


def is_secret(name: str) -> bool:
    """Whether what stands at this key is never to be shown."""
    return any(word in name for word in _SECRET_KEYS)


def _value(fault: Any) -> str:
    is_shown = fault["type"] != "missing" and not any(is_secret(str(part)) for part in fault["loc"])
    if not is_shown or isinstance(fault["input"], Mapping):
        return ": "  # of a whole table, too: there may be a secret in it
    text = repr(fault["input"])
    return f" = {text if len(text) <= _SHOWN_VALUE_LENGTH else text[:_SHOWN_VALUE_LENGTH] + '...'}: "


def _advice(fault: Any, model: type[BaseModel]) -> str:
    kind, context = fault["type"], fault.get("ctx", {})
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return _unknown_key(str(fault["loc"][-1]), _keys(model, fault["loc"][:-1]))
    if kind in ("literal_error", "enum"):
        return _not_a_choice(fault["input"], str(context["expected"]))
    if kind == "string_pattern_mismatch":
        return PATTERNS.get(context["pattern"], "is not written as it must be")
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        is_text = isinstance(fault["input"], str)
        return words.format(context[name]).replace("entries", "characters" if is_text else "entries")
    return _TYPES.get(kind) or str(fault["msg"]).removeprefix("Value error, ")


def _unknown_key(name: str, keys: list[str]) -> str:
    known = f"; known are {', '.join(keys)}" if keys else ""
    return f"is not a known key{known}{suggestion(name, keys)}"


def _not_a_choice(value: Any, expected: str) -> str:
    choices = [word.strip("'") for word in expected.replace(" or ", ", ").split(", ")]
    return f"is not allowed; allowed: {', '.join(choices)}{suggestion(str(value), choices)}"


def _keys(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Return the keys of the table that stands at a location within that of the model."""
    models = [model]
    for part in location:
        if isinstance(part, str):
            fields = [fields[part] for m in models if part in (fields := m.model_fields)]
            models = [inner for field in fields for inner in _models(field.annotation)] or models
    return sorted({name for m in models for name in m.model_fields})


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
