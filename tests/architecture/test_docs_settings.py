"""Every setting that the documents show is one that the program takes, and every key of a channel is documented."""

import dataclasses
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError

from bot.channel import Account
from bot.core import standards
from bot.core.standards import Standard
from bot.kinds import kind_of, kinds
from bot.settings.calendars import Holidays, OwnDays
from bot.settings.escalation import Escalation
from bot.settings.main import Main
from bot.settings.services import Services
from bot.settings.urgent import Urgent
from bot.store.personal_data import REGISTER
from bot.wire.mail.oauth import OAuth
from bot.wire.mail.service_account import ServiceAccount
from channels.inbound_webhook import Fields
from tests.architecture.documents import Grid, Page, files, pages

# One for each file of a configuration.
FILES: tuple[type[BaseModel], ...] = (Main, Escalation, Services, Urgent, Holidays, OwnDays)
MANUALS = ("docs/channels.md", "docs/platforms.md")
OF_A_STANDARD = {field.name for field in dataclasses.fields(Standard)} - {"file"}
OF_CHANNELS = {key for kind in kinds() for key in kind_of(kind).model_fields}
# Tables within a `[[channel]]`, and what every account has.
_WITHIN: tuple[type[BaseModel], ...] = (Account, OAuth, ServiceAccount, Fields)
# A mark in the subject of a mail, and an event of the log.
NO_SETTINGS = {"[holding]", "[full]", "channel.trouble"}
# `[limits] receipts_a_minute`, `[[team]]`, `store.keys`.
_TABLE = re.compile(r"\[\[?(\w+)\]\]?(?: (\w+).*)?")
_KEY = re.compile(r"(\w+)\.(\w+)")
MISTAKES = (
    '```toml\n[organisation]\nnamed = "Exampleshire"\n```',
    '```toml\n[organization]\nname = "Exampleshire"\n```',
    "```toml\n[restraint]\nan_hour = 6\na_day = 7\n```",
    '```toml\n[[channel]]\nname = "inbox"\nkind = "email_pop3"\n```',
    '```toml\n[[channel]]\nname = "inbox"\nkind = "email_lmtp"\nhost = "127.0.0.1"\n```',
    "```toml\n[limits]\nseveral_mails = 'sometimes'\n```",
    "```toml\n[limits\n```",
    (
        '```toml\n[[standard]]\nid = "a"\ntitle = "A"\nversion = "1"\nvalid_from = 2027-04-01\ncalendar = "england"\n'
        'acknowledge = "1 working day"\nrespond = "soon"\n```'
    ),
    "Set `[limits] receipts_a_week`.",
    "Add a `[[teams]]`.",
    "Set `web.secrets`.",
    "## email_lmtp: mail\n\n| key | means |\n|---|---|\n| `host` | the server |",
)


def wrong_settings(page: Page) -> Iterator[str]:
    """Tables and keys of a configuration that no file takes, and values that are not allowed."""
    for block in page.blocks("toml"):
        yield from _faults(block)
    known = _tables()
    for span in set(page.spans()) - NO_SETTINGS:
        match = _TABLE.fullmatch(span) or _KEY.fullmatch(span)
        if match and _is_meant(span, match[1]) and match[2] not in {None, *known.get(match[1], ())}:
            yield span
        if span.startswith("[") and match and match[1] not in known:
            yield span
    for grid in page.grids():
        if grid.header[0] == "key":
            yield from (name for name in grid.names if name not in _keys(grid))


def _is_meant(span: str, table: str) -> bool:
    """Whether the span speaks of a setting, and not of a file such as `mail.html`, or of a column of the store."""
    is_column = any(span == datum.column for datum in REGISTER)
    return table in _tables() and not is_column and not any(name.endswith(f"/{span}") for name in files())


def _faults(text: str) -> list[str]:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return [str(error)]
    if "standard" in table:
        return _faults_of_standards(table)
    fitting = [model for model in FILES if table.keys() <= model.model_fields.keys()]
    if not fitting:
        return [f"no file of a configuration has all of {', '.join(table)}"]
    return min((_faults_of(model, table) for model in fitting), key=len)


def _faults_of_standards(table: Mapping[str, Any]) -> list[str]:
    try:
        standards.read(table, "standards/general.toml")
    except standards.BadStandard as error:
        return [str(mistake) for mistake in error.mistakes]
    return []


def _faults_of(model: type[BaseModel], table: Mapping[str, Any]) -> list[str]:
    """What the program would say, but for keys that are left out, and secrets that stand elsewhere."""
    faults = []
    try:
        model.model_validate(table)
    except ValidationError as error:
        faults += [str(fault) for fault in error.errors() if not _is_left_out(fault)]
    for channel in table.get("channel", ()) if model is Main else ():
        if channel["kind"] not in kinds():
            faults.append(f"{channel['kind']} is no kind of channel")
        else:
            faults += _faults_of(kind_of(channel["kind"]), channel)
    return faults


def _is_left_out(fault: Mapping[str, Any]) -> bool:
    return fault["type"] == "missing" or re.search(r"\b(env|file):", str(fault["input"])) is not None


def _tables() -> dict[str, set[str]]:
    """The tables of every file, each with its keys."""
    tables = {"channel": OF_CHANNELS, "standard": OF_A_STANDARD}
    for model in FILES:
        for name, field in model.model_fields.items():
            keys = {key for part in _models(field.annotation) for key in part.model_fields}
            tables |= {name: keys} if keys else {}
    return tables


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The model within `Model`, `tuple[Model, ...]` or `Model | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def _keys(grid: Grid) -> set[str]:
    """The keys that a table of keys may name: those of the kinds in its heading, else of every table there is."""
    named = [kind_of(word).model_fields for word in re.findall(r"\w+", grid.heading) if word in kinds()]
    return set().union(*(named or (*_tables().values(), *(model.model_fields for model in _WITHIN))))


def test_every_setting_exists() -> None:
    """What the documents show as configuration is taken, table by table and key by key."""
    assert not {page.name: wrong for page in pages() if (wrong := list(wrong_settings(page)))}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_in_a_setting_is_noticed(text: str) -> None:
    """One wrong word in an example or in a table of keys is a fault."""
    assert len(list(wrong_settings(Page("new", text)))) == 1


def test_every_kind_of_channel_has_a_section() -> None:
    """Each kind stands in a heading of docs/channels.md or docs/platforms.md."""
    headings = [words for page in pages() if page.name in MANUALS for words in page.headings()]
    assert not set(kinds()) - {word for words in headings for word in re.findall(r"\w+", words)}


def test_every_key_of_a_channel_is_documented() -> None:
    """docs/channels.md or docs/platforms.md names every key that a `[[channel]]` takes."""
    manual = {
        key for page in pages() if page.name in MANUALS for span in page.spans() for key in re.findall(r"\w+", span)
    }
    assert not OF_CHANNELS - manual
