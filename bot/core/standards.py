"""Standards: the published promises of an organisation, as read from its files."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal, TypeVar, get_args

from bot.core import calendars
from bot.core.durations import SAME_DAY, BadWords, Duration, ReceiptRule, Unit, duration, receipt_rule
from bot.core.mistakes import Mistake, as_text, choice, did_you_mean

T = TypeVar("T")
Basis = Literal["promise", "law"]
_USUAL_CALENDAR = "england"
PAUSES = ("inclusive", "after-start", "none")
VISIBILITIES = ("private", "public")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """One published set of promises, in force from `valid_from` to `valid_to` (both included; None: until replaced).

    `areas`, `services`, `channels`, `kinds` and `visibility` select contacts; an empty one selects all. `basis` is
    `law` where a statute sets the time, for which the organisation's closure days do not count. `acknowledge` or
    `respond` is None where nothing is promised. `acknowledged_by` is `staff` where an automatic receipt does not
    satisfy the promise; `respond_from` is `acknowledgement` where staff's acknowledgement starts the time to answer.
    `extend_to` is the longest time to answer after an extension, from the same start (None: it cannot be extended).
    `pause` is how the days of a pause are counted (`clocks.Counting`), or `none` where the clock cannot be paused.
    `progress`: a progress message goes to the person halfway through the time to answer; `closing`: a message goes to
    them when staff close the contact. `review_by` is the day of the next review. `file` is the file's name.
    `calendar_key` is the key of the calendar that counts its days, as listed by `calendars.keys`.
    """

    id: str
    title: str
    version: str
    valid_from: date
    valid_to: date | None = None
    areas: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    visibility: str = ""
    basis: str = "promise"
    calendar: str
    receipt: ReceiptRule = SAME_DAY
    acknowledge: Duration | None
    acknowledged_by: str = "receipt"
    respond: Duration | None
    respond_from: str = "receipt"
    extend_to: Duration | None = None
    pause: str = "after-start"
    progress: str = "none"
    closing: str = "none"
    page: str = ""
    approved_by: str = ""
    reason: str = ""
    review_by: date | None = None
    file: str = field(default="", compare=False)
    calendar_key: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "calendar_key", calendars.key(self.calendar, closures=self.basis != "law"))

    @property
    def label(self) -> str:
        """The standard with its version and file, for messages to operators."""
        return f"{self.file}: standard {self.id} version {self.version}"

    def as_table(self) -> dict[str, Any]:
        """Return the keys and values as a file would contain them, days as text, without defaults."""
        values = {key: getattr(self, key) for key in _READERS}
        return {
            key: _as_text(value) for key, value in values.items() if key not in _OPTIONAL or value != _OPTIONAL[key]
        }


def from_memory(standard: str, version: str, *, calendar: str, receipt: str, respond: str) -> Standard:
    """A standard that no file holds any more, as a contact remembers it.

    What an older version wrote and this one cannot read counts as the usual, or as no promise: a contact that cannot
    be read would be shown to nobody.
    """
    return Standard(
        id=standard,
        title=standard,
        version=version,
        valid_from=calendars.FIRST_DAY,
        calendar=calendar if calendar in calendars.NAMES else _USUAL_CALENDAR,
        receipt=_read_if_clear(receipt_rule, receipt) or SAME_DAY,
        acknowledge=None,
        respond=_read_if_clear(duration, respond),
    )


def _read_if_clear(reader: Callable[[str], T], text: str) -> T | None:
    try:
        return reader(text)
    except BadWords:
        return None


def _as_text(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return "none" if value is None else str(value)


class BadStandard(ValueError):
    """A standard that cannot be used, with each mistake in it."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = mistakes


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("allowed: text in quotes, not empty")
    return value.strip()


def _identifier(value: Any) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", _text(value)):
        raise ValueError("allowed: up to 40 small letters, digits, - and _, beginning with a letter")
    return str(value)


def _identifiers(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise ValueError('allowed: a list of names, as in ["housing"]')
    return tuple(sorted({_identifier(name) for name in value}))


def _one_of(value: Any, alternatives: tuple[str, ...]) -> str:
    if value not in alternatives:
        raise ValueError(choice(value, alternatives))
    return str(value)


def _day(value: Any) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError("allowed: a date without quotes, as in 2023-04-01")
    return value


def _promise(value: Any) -> Duration | None:
    return None if value == "none" else duration(_text(value))


def _page(value: Any) -> str:
    if not re.fullmatch(r"https?://\S+", _text(value)):
        raise ValueError("allowed: an address that begins with https://")
    return str(value)


_READERS: dict[str, Callable[[Any], Any]] = {
    "id": _identifier,
    "title": _text,
    "version": _text,
    "valid_from": _day,
    "valid_to": _day,
    "areas": _identifiers,
    "services": _identifiers,
    "channels": _identifiers,
    "kinds": _identifiers,
    "visibility": lambda value: _one_of(value, VISIBILITIES),
    "basis": lambda value: _one_of(value, get_args(Basis)),
    "calendar": lambda value: _one_of(value, calendars.NAMES),
    "receipt": lambda value: receipt_rule(_text(value)),
    "acknowledge": _promise,
    "acknowledged_by": lambda value: _one_of(value, ("receipt", "staff")),
    "respond": _promise,
    "respond_from": lambda value: _one_of(value, ("receipt", "acknowledgement")),
    "extend_to": lambda value: duration(_text(value)),
    "pause": lambda value: _one_of(value, PAUSES),
    "progress": lambda value: _one_of(value, ("none", "halfway")),
    "closing": lambda value: _one_of(value, ("none", "message")),
    "page": _page,
    "approved_by": _text,
    "reason": _text,
    "review_by": _day,
}
# Two years: a longer time is a mistake, and would exceed the years for which bank holidays are known.
_LONGEST = {Unit.WORKING_DAY: 500, Unit.DAY: 730, Unit.MONTH: 24, Unit.WORKING_HOUR: 4_000}
_LONGEST |= {Unit.HOUR: 17_520, Unit.MINUTE: 1_051_200}
_FIELDS = Standard.__dataclass_fields__
_OPTIONAL = {key: spec.default for key, spec in _FIELDS.items() if spec.default is not MISSING}
_DAYS = ("valid_from", "valid_to", "review_by")


# Returns why a name is not a medium, such as "allowed: email, letter", or "".
WhyNoMedium = Callable[[str], str]


def _any_medium(_name: str) -> str:
    return ""


def read(table: Mapping[str, Any], file: str, why_no_medium: WhyNoMedium = _any_medium) -> list[Standard]:
    """Read the standards of a TOML file: one, or a list of `[[standard]]` that share the keys above it.

    `why_no_medium` checks the media in `channels`: how a contact came, whichever mailbox or page it was.
    Raises BadStandard with every mistake.
    """
    standards, mistakes = [], []
    for at, values in _tables(table, file):
        try:
            standards.append(standard(values, file, why_no_medium))
        except BadStandard as error:
            mistakes += [replace(mistake, key=f"{at}{mistake.key}".rstrip(".")) for mistake in error.mistakes]
    if mistakes:
        raise BadStandard(mistakes)
    return standards


def _tables(table: Mapping[str, Any], file: str) -> list[tuple[str, dict[str, Any]]]:
    """Return each standard of the file with the shared keys, after what its keys begin with."""
    if "standard" not in table:
        return [("", dict(table))]
    shared, parts = {key: value for key, value in table.items() if key != "standard"}, table["standard"]
    if not isinstance(parts, list) or not parts or not all(isinstance(part, dict) for part in parts):
        raise BadStandard([Mistake(file, "standard", advice="allowed: tables, each under [[standard]]")])
    return [(f"standard[{number}].", shared | part) for number, part in enumerate(parts, 1)]


def standard(table: Mapping[str, Any], file: str, why_no_medium: WhyNoMedium = _any_medium) -> Standard:
    """Read one standard from a TOML table. Raises BadStandard with every mistake, each naming file and key."""
    mistakes = [Mistake(file, key, "is not a known key", _key_advice(key)) for key in sorted(table.keys() - _READERS)]
    mistakes += [Mistake(file, key, "is missing") for key in _READERS if key not in table and key not in _OPTIONAL]
    values = _values(table, file, why_no_medium, mistakes)
    if mistakes:
        raise BadStandard(mistakes)
    candidate = Standard(**values, file=file)
    if mistakes := [replace(mistake, file=file) for mistake in (*_contradictions(candidate), *_too_long(candidate))]:
        raise BadStandard(mistakes)
    return candidate


def _key_advice(key: str) -> str:
    return did_you_mean(key, _READERS) or f"known are {', '.join(_READERS)}"


def _values(table: Mapping[str, Any], file: str, why_no_medium: WhyNoMedium, mistakes: list[Mistake]) -> dict[str, Any]:
    """Return the values of the keys; add a mistake for each that cannot be read."""
    values: dict[str, Any] = {}
    for key, reader in _READERS.items():
        try:
            values |= {key: reader(table[key])} if key in table else {}
        except ValueError as error:
            pointer = f"\n{error.pointer}" if isinstance(error, BadWords) else ""
            message, label, choices = str(error).partition("allowed: ")
            advice = f"{label}{choices}{pointer}"
            mistakes.append(Mistake(file, key, message.rstrip("; "), advice, as_text(table[key])))
    reasons = (why_no_medium(name) for name in values.get("channels", ()))
    mistakes += [Mistake(file, "channels", advice=why, value=as_text(table["channels"])) for why in reasons if why]
    return values


def _contradictions(candidate: Standard) -> Iterator[Mistake]:
    if candidate.valid_to is not None and candidate.valid_to < candidate.valid_from:
        allowed = f"allowed: valid_from ({candidate.valid_from}) or later"
        yield Mistake(key="valid_to", value=str(candidate.valid_to), advice=allowed)
    if candidate.acknowledge is None and candidate.respond is None:
        yield Mistake(message='acknowledge = "none" and respond = "none": a standard promises at least one of them')
    acknowledged_by_staff = candidate.acknowledge is not None and candidate.acknowledged_by == "staff"
    if candidate.respond_from == "acknowledgement" and not acknowledged_by_staff:
        allowed = 'allowed: only with acknowledge and acknowledged_by = "staff"'
        yield Mistake(key="respond_from", value='"acknowledgement"', advice=allowed)
    if candidate.extend_to is not None and candidate.respond is None:
        allowed = 'allowed: only with another respond than "none"'
        yield Mistake(key="extend_to", value=as_text(str(candidate.extend_to)), advice=allowed)


def _too_long(candidate: Standard) -> Iterator[Mistake]:
    promises = {"acknowledge": candidate.acknowledge, "respond": candidate.respond, "extend_to": candidate.extend_to}
    for key, promise in promises.items():
        if promise is not None and promise.count > _LONGEST[promise.unit]:
            allowed = f"allowed: two years at most, {_LONGEST[promise.unit]} {promise.unit}s"
            yield Mistake(key=key, value=as_text(str(promise)), advice=allowed)


def from_stored(table: Mapping[str, Any]) -> Standard:
    """Return the standard that `as_table` wrote."""
    days = {key: date.fromisoformat(table[key]) for key in _DAYS if key in table}
    return standard({**table, **days}, "the store")
