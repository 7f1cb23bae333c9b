"""The keys of a configuration: those that the settings take, with the words of docs/reference/keys.toml."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bot.kinds import kind_of, kinds
from bot.settings.calendars import Holidays, OwnDays
from bot.settings.escalation import Escalation
from bot.settings.main import Main
from bot.settings.services import Services
from bot.settings.urgent import Urgent
from tests.architecture.house import ROOT

WORDS = ROOT / "docs/reference/keys.toml"
# Keys that several kinds of channel have stand under these names.
_SHARED = {
    **dict.fromkeys(("email_imap", "email_smtp"), "server"),
    **dict.fromkeys(("facebook", "instagram", "whatsapp"), "meta"),
}


class Words(NamedTuple):
    """What docs/reference/keys.toml says of a key; example and wrong value as TOML, "" where it is a table."""

    purpose: str
    example: str
    wrong: str
    allowed: str = ""


@dataclass(frozen=True)
class Key:
    """One key of a table; `at` is the way to the table in a file, such as `channel.oauth`."""

    at: str
    name: str
    field: FieldInfo
    words: Words
    section: str

    @property
    def is_table(self) -> bool:
        """Whether its value is a table with keys of its own."""
        return next(models(self.field.annotation), None) is not None


@dataclass(frozen=True)
class Table:
    """One table of a file: its name ("" for the top of the file), whether there may be several, and its keys."""

    name: str
    is_repeated: bool
    keys: tuple[Key, ...]


# Each file of a configuration but the standards, which are read by a reader of their own.
FILES: dict[str, type[BaseModel]] = {
    "ackbot.toml": Main,
    "escalation.toml": Escalation,
    "services.toml": Services,
    "urgent.toml": Urgent,
    "calendars/holidays.toml": Holidays,
    "calendars/organisation.toml": OwnDays,
}
_TOP = {Urgent: "urgent", Holidays: "holidays"}


def models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the model within `Model`, `tuple[Model, ...]` or `Model | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models(part)


@cache
def words() -> Mapping[str, Mapping[str, list[str]]]:
    """Return every section of docs/reference/keys.toml."""
    return tomllib.loads(WORDS.read_text(encoding="utf-8"))


def tables(model: type[BaseModel]) -> Iterator[Table]:
    """Yield the tables of a file, that of the top first."""
    top = {name: field for name, field in model.model_fields.items() if not _is_table(model, name)}
    if top:
        yield Table("", is_repeated=False, keys=tuple(_keys(top, "", (_TOP[model],))))
    for name, field in model.model_fields.items():
        for part in models(field.annotation):
            is_repeated = str(field.annotation).startswith("tuple")
            yield Table(name, is_repeated, tuple(_keys(part.model_fields, name, (name,))))


def channel_tables(kind: str) -> Iterator[Table]:
    """Yield the table of a kind of channel, then those within it."""
    model = kind_of(kind)
    sections = tuple(filter(None, (kind, _SHARED.get(kind), "channel-url", "channel")))
    yield Table(kind, is_repeated=True, keys=tuple(_keys(model.model_fields, "channel", sections)))
    for name, field in model.model_fields.items():
        for part in models(field.annotation):
            yield Table(name, is_repeated=False, keys=tuple(_keys(part.model_fields, f"channel.{name}", (name,))))


def sections_in_use() -> Iterator[tuple[str, str]]:
    """Yield section and name of every key that the settings take."""
    of_files = (table for model in FILES.values() for table in tables(model))
    of_channels = (table for kind in kinds() for table in channel_tables(kind))
    for table in (*of_files, *of_channels):
        yield from ((key.section, key.name) for key in table.keys)


def _is_table(model: type[BaseModel], name: str) -> bool:
    is_channel = model is Main and name == "channel"
    return is_channel or next(models(model.model_fields[name].annotation), None) is not None


def _keys(fields: Mapping[str, FieldInfo], at: str, sections: tuple[str, ...]) -> Iterator[Key]:
    for name, field in fields.items():
        section = next((section for section in sections if name in words().get(section, {})), None)
        if section is None:
            raise LookupError(f"{WORDS.name} says nothing of {name} in [{'] or ['.join(sections)}]")
        yield Key(at, name, field, Words(*words()[section][name]), section)
