"""The reference of the configuration: one page for each file, and one for the kinds of channel."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields
from datetime import date, time, timedelta
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from bot.core import durations
from bot.core.standards import Standard
from bot.kinds import kinds
from tests.reference.keys import FILES, Key, Table, channel_tables, tables, words
from tests.reference.readings import mistakes, mistakes_of_standards

_TITLES = {
    "ackbot.toml": "the organisation, its pages, its store, its mail",
    "escalation.toml": "who is alerted, and when",
    "services.toml": "what contacts are about",
    "urgent.toml": "what cannot wait",
    "calendars/holidays.toml": "bank holidays that the program does not have yet",
    "calendars/organisation.toml": "when the office is closed",
}
_MANUALS = {
    "ackbot.toml": "[Mail](../mail.md), [pages](../pages.md), [the console](../console.md)",
    "escalation.toml": "[Who is alerted, and when](../escalation.md)",
    "services.toml": "[What a contact is about, and whose it is](../routing.md)",
    "urgent.toml": "[What cannot wait](../urgent.md)",
    "calendars/holidays.toml": "[What is promised, and how the dates are counted](../standards.md)",
    "calendars/organisation.toml": "[What is promised, and how the dates are counted](../standards.md)",
}
_NOTE = "Written by `make reference` from the settings; the words are those of `docs/reference/keys.toml`."
# The keys that are shown once, before the kinds of channel that have them.
_EVERY = {
    "Every channel": ("name", "kind"),
    "Every way in": ("replies_by", "team", "service", "contact_kind", "area"),
    "Every mailbox": ("address", "authserv_id", "subaddresses"),
    "Every account on a platform": ("acknowledge", "begin"),
}


def pages() -> dict[str, str]:
    """Return every page by its name in docs/reference/."""
    files = {_page_name(name): "\n".join(_file_page(name)) for name in FILES}
    channels, book = "\n".join(_channels_page()), "\n".join(_standards_page())
    return {"configuration.md": "\n".join(_index()), **files, "channel-keys.md": channels, "standards-toml.md": book}


def _page_name(file: str) -> str:
    return file.replace("/", "-").replace(".toml", "-toml.md")


def _index() -> Iterator[str]:
    yield f"""# Configuration: every key

{_NOTE}

A configuration is a folder. `ackbot init` writes one; `ackbot check` reads it and names everything that is wrong at
once, each with its file and its key. Only `ackbot.toml` must be there; for each other file that is not, the packaged
one holds.

| file | what it says |
|---|---|"""
    for name in FILES:
        yield f"| [`{name}`]({_page_name(name)}) | {_TITLES[name]} |"
    yield "| [`ackbot.toml`: `[[channel]]`](channel-keys.md) | ways in and ways out |"
    yield """| [`standards/*.toml`](standards-toml.md) | what is promised |

Any value may be `"env:NAME"`, the content of an environment variable, or `"file:PATH"`, that of a file beside the
configuration; secrets belong there. A duration is a number and a unit: `"90 minutes"`, `"4 hours"`, `"4 working
hours"`, `"10 working days"`, `"14 days"`, `"1 month"`. A day is written without quotes: `2026-12-01`.
"""


def _file_page(name: str) -> Iterator[str]:
    yield f"# {name}: {_TITLES[name]}\n\n{_NOTE} How it works: {_MANUALS[name]}.\n"
    for table in tables(FILES[name]):
        if table.name:
            yield f"## {table.name}\n\n{_introduction(table)}\n"
        for key in table.keys:
            yield from _entry(key, table.name, mistakes()[name, table.name, key.name])


def _introduction(table: Table) -> str:
    brackets = f"`[[{table.name}]]`" if table.is_repeated else f"`[{table.name}]`"
    return f"The table {brackets}{', as often as you need it' if table.is_repeated else ''}."


def _channels_page() -> Iterator[str]:
    yield f"""# Channels: every key of every kind

{_NOTE} What each kind does: [channels](../channels.md), [platforms](../platforms.md).

Each way in and each way out is a table `[[channel]]` of `ackbot.toml`. Unless a key says what holds without it, it
must be there.
"""
    for title, names in _EVERY.items():
        yield f"## {title}\n"
        (table, *_) = channel_tables("email_imap" if "account" not in title else "facebook")
        for key in (key for key in table.keys if key.name in names):
            shared = Key(key.at, key.name, key.field, key.words, "channel")
            kind = "email_imap" if "account" not in title else "facebook"
            wording = words()["channel"][key.name]
            yield from _entry(shared, "channel", mistakes()[kind, kind, key.name] if wording else "")
    for kind in kinds():
        yield from _kind(kind)


def _kind(kind: str) -> Iterator[str]:
    table, *within = channel_tables(kind)
    names = {key.name for key in table.keys}
    shared = [title for title, keys in _EVERY.items() if names >= set(keys)]
    yield f"## {kind}\n\nBeside its own keys it has those of {' and '.join(title.lower() for title in shared)}.\n"
    for key in table.keys:
        if key.section != "channel":
            yield from _entry(key, kind, mistakes()[kind, kind, key.name])
    for part in within:
        yield f"### The table {part.name} of {kind}\n"
        for key in part.keys:
            yield from _entry(key, f"{kind}.{part.name}", mistakes()[kind, part.name, key.name], level=4)


def _standards_page() -> Iterator[str]:
    yield f"""# standards/*.toml: what is promised

{_NOTE} How it works: [what is promised, and how the dates are counted](../standards.md).

Each file of the folder `standards` is one standard, or several as `[[standard]]` that share the keys above them.
"""
    readings = mistakes_of_standards()
    of_class = {field.name: field for field in fields(Standard) if field.init and field.name != "file"}
    for name, (purpose, example, wrong, *rest) in words()["standard"].items():
        default = of_class[name].default
        without = "it must be there" if default is MISSING else _value(default)
        allowed = rest[0] if rest else "text"
        yield from _lines(f"### standard.{name}", purpose, allowed, without, name, (example, wrong, readings[name]))


def _entry(key: Key, table: str, reading: str, level: int = 3) -> Iterator[str]:
    title = f"{'#' * level} {table}.{key.name}".replace(" .", " ")
    if key.is_table:
        yield f"{title}\n\n{key.words.purpose}\n"
        return
    allowed = key.words.allowed or _allowed(key.field.annotation, key.field)
    example = (key.words.example, key.words.wrong, reading)
    yield from _lines(title, key.words.purpose, allowed, _without(key.field, table), key.name, example)


def _lines(
    title: str, purpose: str, allowed: str, without: str, name: str, example: tuple[str, str, str]
) -> Iterator[str]:
    value, wrong, reading = example
    yield f"""{title}

{purpose}

- Allowed: {allowed}
- Without it: {without}
- Example: {_code(f"{name} = {value}")}
- A mistake: {_code(f"{name} = {wrong}")}. `ackbot check` says: {_code(reading)}
"""


def _code(text: str) -> str:
    text = " ".join(text.split())
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def _without(field: FieldInfo, table: str) -> str:
    if field.default_factory_takes_validated_data:
        return "it follows from the keys before it"
    if field.is_required() and field.default_factory is None:
        return "it must be there"
    default = field.get_default(call_default_factory=True)
    if isinstance(default, float) and table == "alerts":
        return f'`"{default:.0%}"`'
    return _value(default)


def _value(default: Any) -> str:
    if default in (None, "", (), {}) or (isinstance(default, SecretStr) and not default.get_secret_value()):
        return "nothing"
    return f"`{_toml(default)}`"


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    for kind, words_of in _FORMS.items():
        if isinstance(value, kind):
            return words_of(value)
    return f'"{value}"'


_FORMS: Mapping[type, Callable[[Any], str]] = {
    bool: lambda value: str(value).lower(),
    int: str,
    float: lambda value: f"{value:g}",
    timedelta: lambda value: f'"{durations.of_span(value)}"',
    time: lambda value: f'"{value:%H:%M}"',
    date: str,
    Enum: lambda value: f'"{value.value}"',
}


def _allowed(annotation: Any, field: FieldInfo) -> str:
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(_allowed(part, field) for part in parts if part is not NoneType))
    if origin is Literal:
        return _choice(parts)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return _choice([member.value for member in annotation])
    if origin is tuple:
        return f"a list of {_allowed(parts[0], FieldInfo())}"
    if hasattr(annotation, "__metadata__"):
        return _allowed(parts[0], field)
    return _plain(annotation, field)


def _choice(values: Any) -> str:
    *most, last = (f"`{value}`" for value in values)
    return f"{', '.join(most)} or {last}" if most else last


def _plain(annotation: Any, field: FieldInfo) -> str:
    limits = {name: getattr(part, name) for part in field.metadata for name in _LIMITS if hasattr(part, name)}
    if annotation in (int, float):
        least, most = limits.get("ge", limits.get("gt")), limits.get("le")
        above = "more than" if "gt" in limits else ""
        return (
            f"a number from {least:g} to {most:g}" if most is not None else f"a number, {above or 'at least'} {least:g}"
        )
    if annotation is str:
        least, most = limits.get("min_length", 0), limits.get("max_length")
        return f"text of {least} to {most} characters".replace("of 0 to", "of up to") if most else "text"
    names = {bool: "true or false", SecretStr: 'a secret, best as `"env:NAME"` or `"file:PATH"`', date: "a day"}
    return names.get(annotation, "text")


_LIMITS = ("ge", "gt", "le", "min_length", "max_length")
