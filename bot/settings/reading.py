"""config/*.toml and the environment -> frozen Settings. Every mistake is reported, all at once, with file and key."""

import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from bot.channel import CHANNEL, Account, ChannelSettings, Sender, TextOutlet, TextsByOutlet, WayIn
from bot.core import books, calendars, standards
from bot.settings.calendars import Holidays, OwnDays, Year
from bot.settings.escalation import Escalation
from bot.settings.main import (
    LimitSettings,
    MailSettings,
    OperatorSettings,
    Organisation,
    RetentionSettings,
    SignIn,
    StoreSettings,
    Web,
)
from bot.settings.services import Services
from bot.settings.tables import Table
from bot.settings.teams import Team
from bot.settings.urgent import Urgent

T = TypeVar("T", bound=BaseModel)
_BOT = Path(__file__).parents[1]
# The wheel holds them within the package, a clone beside it.
PACKAGED = (_BOT / "_data", _BOT.parent)
MAIN_FILE = "ackbot.toml"
_SHOWN_VALUE_LENGTH = 60
_SECRET_KEYS = ("secret", "password", "token", "key", "oauth", "url")


class BadSettings(Exception):
    """The configuration cannot be used; `mistakes` has one line for each thing to put right."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class _Main(Table):
    organisation: Organisation
    store: StoreSettings = StoreSettings()
    web: Web
    team: tuple[Team, ...] = ()
    retention: RetentionSettings = RetentionSettings()
    mail: MailSettings = MailSettings()
    limits: LimitSettings = LimitSettings()
    operators: OperatorSettings = OperatorSettings()
    sign_in: SignIn | None = None
    channel: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Settings:
    """The whole configuration, checked. `channels` holds each `[[channel]]` as its own kind's settings."""

    directory: Path
    organisation: Organisation
    store: StoreSettings
    web: Web
    teams: tuple[Team, ...]
    retention: RetentionSettings
    mail: MailSettings
    limits: LimitSettings
    operators: OperatorSettings
    sign_in: SignIn | None
    channels: tuple[ChannelSettings, ...]
    standards: tuple[standards.Standard, ...]
    calendars: Mapping[str, calendars.Calendar]
    calendar_checked: date
    escalation: Escalation
    services: Services
    urgent: Urgent

    @property
    def template_directories(self) -> tuple[Path, ...]:
        """Where templates are looked up: beside the configuration first, then those that came with the program."""
        return tuple(d / "templates" for d in (self.directory, *PACKAGED) if (d / "templates").is_dir())


KindOf = Callable[[str], type[ChannelSettings]]


def read(directory: Path, kind_of: KindOf) -> Settings:
    """Read and check a configuration directory.

    `kind_of` gives the settings class of a channel kind, or raises LookupError naming the known kinds.
    Raises BadSettings with every mistake that was found.
    """
    path = directory / MAIN_FILE
    mistakes: list[str] = []
    table = _resolved(_toml(path, mistakes), path, directory, "", mistakes)
    main = _validated(_Main, table, path, "", mistakes) if not mistakes else None
    channels = _channels(table.get("channel", []), path, kind_of, mistakes)
    channels += _elsewhere(main, path, kind_of, mistakes) + _desk(channels, path, kind_of, mistakes)
    book = _standards(directory, mistakes)
    year = _year(directory, mistakes)
    escalation = _escalation(directory, book, mistakes)
    services = _services(directory, main, channels, book, mistakes)
    urgent = _urgent(directory, main, mistakes)
    if main is not None:
        mistakes += [f"{path}: {fault}" for fault in _cross_checks(main, channels)]
        mistakes += [f"{path}: {fault}" for fault in _unknown_kinds(main, book)]
    if mistakes or main is None or escalation is None:
        raise BadSettings(mistakes)
    return Settings(
        directory=directory,
        organisation=main.organisation,
        store=main.store,
        web=main.web,
        teams=main.team,
        retention=main.retention,
        mail=main.mail,
        limits=main.limits,
        operators=main.operators,
        sign_in=main.sign_in,
        channels=tuple(channels),
        standards=book,
        calendars=year.calendars(main.organisation.timezone),
        calendar_checked=year.holidays.checked,
        escalation=escalation,
        services=services,
        urgent=urgent,
    )


def _toml(path: Path, mistakes: list[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        mistakes.append(f"{path}: there is no such file; --config DIR or $ACKBOT_CONFIG names the directory it is in")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        mistakes.append(f"{path}: {error}")
    return {}


def _resolved(value: Any, path: Path, directory: Path, key: str, mistakes: list[str]) -> Any:
    """Replace `env:NAME` and `file:PATH` wherever they stand."""
    if isinstance(value, dict):
        return {k: _resolved(v, path, directory, f"{key}.{k}".lstrip("."), mistakes) for k, v in value.items()}
    if isinstance(value, list):
        return [_resolved(v, path, directory, f"{key}[{i}]", mistakes) for i, v in enumerate(value, 1)]
    if isinstance(value, str) and value.startswith("env:"):
        if (found := os.environ.get(value[4:])) is None:
            mistakes.append(f"{path}: {key} = {value!r}: the environment variable {value[4:]} is not set")
        return found or ""
    if isinstance(value, str) and value.startswith("file:"):
        try:
            return (directory / value[5:]).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            mistakes.append(f"{path}: {key} = {value!r}: cannot be read: {error}")
            return ""
    return value


def _validated(model: type[T], table: Any, path: Path, at: str, mistakes: list[str]) -> T | None:
    try:
        return model.model_validate(table)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        mistakes += [f"{path}: {_key(at, f['loc'])}{_shown(f)}: {_allowed(f, model)}" for f in faults]
        return None


def _key(at: str, location: tuple[int | str, ...]) -> str:
    parts = [f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in location]
    return (at + "".join(parts)).lstrip(".")


def _shown(fault: Any) -> str:
    if fault["type"] == "missing" or any(s in str(part) for part in fault["loc"] for s in _SECRET_KEYS):
        return ""
    if isinstance(fault["input"], Mapping):
        return ""  # a whole table: there may be a secret in it
    text = repr(fault["input"])
    return f" = {text if len(text) <= _SHOWN_VALUE_LENGTH else text[:_SHOWN_VALUE_LENGTH] + '...'}"


def _allowed(fault: Any, model: type[BaseModel]) -> str:
    if fault["type"] == "missing":
        return "is missing"
    if fault["type"] == "extra_forbidden":
        known = sorted(model.model_fields) if len(fault["loc"]) == 1 else []
        return "is not a known key" + (f"; known are {', '.join(known)}" if known else "")
    return str(fault["msg"]).removeprefix("Value error, ")


def _channels(tables: Any, path: Path, kind_of: KindOf, mistakes: list[str]) -> list[ChannelSettings]:
    channels: list[ChannelSettings] = []
    for number, table in enumerate(tables if isinstance(tables, list) else [], 1):
        if not isinstance(table, Mapping):
            continue
        at = f"channel[{number}]"
        try:
            model = kind_of(str(table.get("kind", "")))
        except LookupError as error:
            mistakes.append(f"{path}: {at}.kind = {table.get('kind')!r}: {error.args[0]}")
            continue
        if (channel := _validated(model, table, path, at, mistakes)) is not None:
            channels.append(channel)
    return channels


def _elsewhere(main: _Main | None, path: Path, kind_of: KindOf, mistakes: list[str]) -> list[ChannelSettings]:
    """What teams name by an address of Apprise's is an outlet of its own each."""
    named = {name: (team.name, url) for team in (main.team if main else ()) for name, url in team.elsewhere().items()}
    found = []
    for name, (team, url) in named.items():
        table = {"name": name, "kind": "apprise", "url": url}
        if (channel := _validated(kind_of("apprise"), table, path, f"team {team}", mistakes)) is not None:
            found.append(channel)
    return found


def _desk(
    channels: Sequence[ChannelSettings], path: Path, kind_of: KindOf, mistakes: list[str]
) -> list[ChannelSettings]:
    """Staff can always record what came by phone or letter: where no desk is configured there is one all the same."""
    if any(channel.kind == "desk" or channel.name == "desk" for channel in channels):
        return []
    outlets = [channel.name for channel in channels if isinstance(channel, Sender)]
    table = {"name": "desk", "kind": "desk", **({"replies_by": outlets[0]} if outlets else {})}
    found = _validated(kind_of("desk"), table, path, "channel desk", mistakes)
    return [found] if found else []


def _standards(directory: Path, mistakes: list[str]) -> tuple[standards.Standard, ...]:
    """The directory's own standards, or the packaged ones if it has none."""
    folders = [d for d in (directory / "standards", *(p / "config" / "standards" for p in PACKAGED)) if d.is_dir()]
    book = []
    for path in sorted(folders[0].glob("*.toml")) if folders else []:
        try:
            book += standards.read(_toml(path, mistakes), str(path))
        except standards.BadStandard as error:
            mistakes += error.mistakes
    if not mistakes:
        mistakes += books.faults(book)
    return tuple(book)


def _year(directory: Path, mistakes: list[str]) -> Year:
    """What the folder `calendars` says, file by file: the directory's own, else the packaged one."""
    names = ("calendars/holidays.toml", "calendars/organisation.toml")
    holidays_path, own_path = (_found(directory, name) for name in names)
    known = _validated(Holidays, _toml(holidays_path, mistakes), holidays_path, "", mistakes)
    own = _validated(OwnDays, _toml(own_path, mistakes), own_path, "", mistakes)
    return Year(known or Holidays(checked=date.min), own or OwnDays())


def _escalation(directory: Path, book: tuple[standards.Standard, ...], mistakes: list[str]) -> Escalation | None:
    """The directory's own escalation.toml, else the packaged one."""
    path = _found(directory, "escalation.toml")
    found = _validated(Escalation, _toml(path, mistakes), path, "", mistakes)
    known = {one.id for one in book}
    for number, step in enumerate(found.step if found else (), 1):
        unknown = sorted(set(step.standards) - known)
        allowed = ", ".join(sorted(known))
        mistakes += [f"{path}: step[{number}].standards: {one!r} is no standard; allowed: {allowed}" for one in unknown]
    return found


def _services(
    directory: Path,
    main: _Main | None,
    channels: list[ChannelSettings],
    book: tuple[standards.Standard, ...],
    mistakes: list[str],
) -> Services:
    """The directory's own services.toml, else the packaged one."""
    path = _found(directory, "services.toml")
    found = _validated(Services, _toml(path, mistakes), path, "", mistakes) or Services()
    if main is not None:
        teams, names = [team.name for team in main.team], [channel.name for channel in channels]
        mistakes += [f"{path}: {fault}" for fault in found.faults(teams, names, {k for one in book for k in one.kinds})]
    return found


def _urgent(directory: Path, main: _Main | None, mistakes: list[str]) -> Urgent:
    """The directory's own urgent.toml, else the packaged one."""
    path = _found(directory, "urgent.toml")
    found = _validated(Urgent, _toml(path, mistakes), path, "", mistakes) or Urgent()
    if main is not None:
        mistakes += [f"{path}: {fault}" for fault in found.faults([team.name for team in main.team])]
    return found


def _found(directory: Path, name: str) -> Path:
    folders = (directory, *(packaged / "config" for packaged in PACKAGED))
    paths = [folder / name for folder in folders]
    return next((path for path in paths if path.is_file()), paths[0])


def _unknown_outlets(team: Team, channels: list[ChannelSettings]) -> list[str]:
    known = [channel.name for channel in channels if not isinstance(channel, WayIn)]
    wanted = {one.removeprefix(CHANNEL) for one in team.targets() if one.startswith(CHANNEL)}
    return [f"{CHANNEL}{name} is no way out; allowed: {', '.join(known)}" for name in sorted(wanted - set(known))]


def _unknown_kinds(main: _Main, book: tuple[standards.Standard, ...]) -> list[str]:
    known = sorted({kind for one in book for kind in one.kinds})
    unknown = [kind for kind in main.retention.kinds if kind not in known]
    return [f"retention.kinds.{kind}: no standard is for this kind; allowed: {', '.join(known)}" for kind in unknown]


def _cross_checks(main: _Main, channels: list[ChannelSettings]) -> list[str]:
    names = [channel.name for channel in channels]
    faults = [f"channel.name = {n!r} is used twice" for n in sorted({n for n in names if names.count(n) > 1})]
    teams = [team.name for team in main.team]
    faults += [f"team.name = {n!r} is used twice" for n in sorted({n for n in teams if teams.count(n) > 1})]
    outlets = {channel.name for channel in channels if isinstance(channel, Sender)}
    # An account on a platform answers for itself; nobody else can be reached through it.
    themselves = {(f"channel {c.name!r}", c.name) for c in channels if isinstance(c, Account)}
    allowed = f"; allowed: {', '.join(sorted(outlets)) or 'none yet: a way out such as kind email_smtp is missing'}"
    ways_in = [channel for channel in channels if isinstance(channel, WayIn)]
    answered_by = [(f"channel {way.name!r}", way.replies_by) for way in ways_in]
    texts = {channel.name for channel in channels if isinstance(channel, TextOutlet) and channel.sms_template}
    faults += [
        f"channel {way.name!r}: texts_by = {by!r} sends no text messages; allowed: {', '.join(sorted(texts)) or 'none'}"
        for way in ways_in
        if isinstance(way, TextsByOutlet) and (by := way.texts_by) is not None and by not in texts
    ]
    for owner, outlet in [*answered_by, *((f"team {team.name!r}", team.replies_by) for team in main.team)]:
        if outlet is not None and outlet not in outlets and (owner, outlet) not in themselves:
            faults.append(f"{owner}: replies_by = {outlet!r} is not a way out{allowed}")
    if main.operators.team and main.operators.team not in teams:
        faults.append(f"operators.team = {main.operators.team!r} is not a team; allowed: {', '.join(teams)}")
    faults += [f"team {team.name!r}: {fault}" for team in main.team for fault in _unknown_outlets(team, channels)]
    for way in ways_in:
        if way.team is not None and way.team not in teams:
            faults.append(f"channel {way.name!r}: team = {way.team!r} is not a team; allowed: {', '.join(teams)}")
    return faults
