"""What the address of a list asks for: read, put into words, and written down again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from bot.core.contacts import State
from bot.core.languages import LANGUAGES
from bot.flows.desk.wishes import language_name
from bot.flows.titles import Titles
from bot.store.queue import NO_TEAM, WHICH, Criteria

STATES = (*State, "any")
KINDS = {
    "urgent": "urgent",
    "late": "late",
    "unassigned": "with nobody yet",
    "paused": "paused",
    "suppressed": "without a receipt",
    "undeliverable": "not delivered",
    "needs": "of people with needs or a language",
    "formats": "to be made in a format or language",
}
# Those that are one link away on every list.
QUICK = ("unassigned", "late", "urgent", "undeliverable")
_EQUAL = ("team", "owner", "service", "area", "channel", "language")
_DAYS = ("received_from", "received_before")
NAMES = ("words", "state", "which", *_EQUAL, *_DAYS)
# Whoever looks for these, or for words, does not mean the open ones alone.
_OF_ANY_STATE = ("suppressed", "undeliverable", "formats")
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters that stand in the address, without empty ones; `unknown` are those that make no sense, in words."""

    values: Mapping[str, str]
    unknown: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> str:
        """One filter, or nothing."""
        return self.values.get(name, "")

    @property
    def state(self) -> str:
        """The state that is shown: open unless another is asked for; any where one looks for something."""
        looking = self["words"] or self["which"] in _OF_ANY_STATE
        return self["state"] or ("any" if looking else State.OPEN)

    @property
    def query(self) -> str:
        """The end of the address."""
        return urlencode(self.values)

    @property
    def whole_queue(self) -> bool:
        """Whether everything open is shown."""
        return not self.values or self.values == {"state": "open"}

    def without(self, name: str) -> str:
        """The end of the address without this filter."""
        return urlencode({key: value for key, value in self.values.items() if key != name})

    def having(self, name: str, value: str) -> str:
        """The end of the address with this filter set so."""
        return urlencode({**self.values, name: value})

    def in_words(self, titles: Titles) -> list[tuple[str, str]]:
        """What is shown, in words, and the name of the filter of each."""
        state = "of any state" if self.state == "any" else self.state
        names = [name for name in NAMES[2:] + NAMES[:1] if self[name]]
        return [("state", state), *((name, _words(name, self[name], titles)) for name in names)]

    def as_criteria(self, zone: ZoneInfo) -> Criteria:
        """The same for the store; days are those of `zone`."""
        plain = {name: self[name] for name in ("words", "which", *_EQUAL)}
        instants = {name: _midnight(self[name], zone) for name in _DAYS if self[name]}
        return Criteria(state=self.state, **plain, **instants)  # type: ignore[arg-type]


def read(values: Mapping[str, Any]) -> Filters:
    """What is asked for; what makes no sense is left out and named."""
    texts = {name: _clean(values.get(name, "")) for name in NAMES}
    filled_in = {name: value for name, value in texts.items() if value}
    bad = [name for name, value in filled_in.items() if not _is_known(name, value)]
    unknown = tuple(f"{name.replace('_', ' ')} “{filled_in[name]}”" for name in bad)
    return Filters({name: value for name, value in filled_in.items() if name not in bad}, unknown)


def _clean(value: Any) -> str:
    return str(value).strip()[:_LONGEST].replace("\0", "").encode("utf-8", "replace").decode()


def _is_known(name: str, value: str) -> bool:
    match name:
        case "state":
            return value in STATES
        case "which":
            return value in WHICH
        case "language":
            return value in LANGUAGES
        case "received_from" | "received_before":
            return _day(value) is not None
    return True


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1970 <= day.year < 9999 else None


def _midnight(text: str, zone: ZoneInfo) -> datetime | None:
    day = _day(text)
    return datetime.combine(day, time(), tzinfo=zone) if day else None


def _words(name: str, value: str, titles: Titles) -> str:
    if name == "which":
        return KINDS[value]
    if name == "team" and value == NO_TEAM:
        return "no team"
    if name in _DAYS:
        day = _day(value)
        when = "on or after" if name == "received_from" else "before"
        return f"came {when} {day.day} {day:%B %Y}" if day else ""
    if name == "words":
        return f"with the words “{value}”"
    if name == "owner":
        return f"person {value}"
    title_of = {"team": titles.team, "service": titles.service, "area": titles.area, "channel": titles.channel}
    title = (title_of | {"language": language_name})[name]
    return f"{name} {title(value)}"
