"""config/*.toml and the environment -> frozen Settings. Every mistake is reported, all at once, with file and key."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from bot.channel import Account, ChannelSettings, Sender
from bot.core import books, calendars, standards
from bot.core.retention import Retention
from bot.core.suggestions import suggestion
from bot.settings import advice, cross_checks
from bot.settings.calendars import Holidays, OwnDays, Year
from bot.settings.escalation import Escalation
from bot.settings.feedback import FeedbackSettings
from bot.settings.main import (
    FormSettings,
    LimitSettings,
    MailSettings,
    Main,
    OperatorSettings,
    Organisation,
    SignIn,
    StoreSettings,
    TrackingSettings,
    Web,
)
from bot.settings.public_pages import AccessibilitySettings, PrivacySettings
from bot.settings.retention import RetentionSettings
from bot.settings.services import Services
from bot.settings.teams import Team
from bot.settings.urgent import Urgent
from bot.settings.values import Origins, Values, toml

T = TypeVar("T", bound=BaseModel)
_BOT = Path(__file__).parents[1]
# The wheel holds them within the package, a clone beside it; what stands beside an installed package is another's.
PACKAGED = (_BOT / "_data" if (_BOT / "_data").is_dir() else _BOT.parent,)
MAIN_FILE = "ackbot.toml"


class BadSettings(Exception):
    """The configuration cannot be used; `mistakes` has one line for each thing to put right."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


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
    form: FormSettings
    operators: OperatorSettings
    sign_in: SignIn
    tracking: TrackingSettings
    accessibility: AccessibilitySettings
    privacy: PrivacySettings
    feedback: FeedbackSettings
    channels: tuple[ChannelSettings, ...]
    standards: tuple[standards.Standard, ...]
    calendars: Mapping[str, calendars.Calendar]
    calendar_checked: date
    escalation: Escalation
    services: Services
    urgent: Urgent
    origins: Origins

    @property
    def keep(self) -> Retention:
        """For how long what is written is kept."""
        accounts = frozenset(channel.name for channel in self.channels if isinstance(channel, Account))
        return self.retention.rule(accounts, self.mail.reopen_days)

    @property
    def template_directories(self) -> tuple[Path, ...]:
        """Where templates are looked up: beside the configuration first, then those that came with the program."""
        return tuple(d / "templates" for d in (self.directory, *PACKAGED) if (d / "templates").is_dir())


KindOf = Callable[[str], type[ChannelSettings]]


@dataclass(frozen=True, slots=True)
class Kinds:
    """The kinds of channel that there are.

    `settings_of` gives the settings class of a kind, or raises LookupError naming what is allowed. `why_no_medium`
    says why contacts cannot come in a way of that name.
    """

    settings_of: KindOf
    why_no_medium: standards.WhyNoMedium


def read(directory: Path, kinds: Kinds) -> Settings:
    """Read and check a configuration directory; raises BadSettings with every mistake."""
    path = directory / MAIN_FILE
    mistakes: list[str] = []
    values = Values(path, directory, mistakes)
    table = values.resolve(toml(path, mistakes))
    main = _validate(Main, table, path, "", mistakes) if not mistakes else None
    channels = _channels(table.get("channel", []), path, kinds.settings_of, mistakes)
    channels += _elsewhere(main, path, kinds.settings_of, mistakes)
    channels += _desk(channels, path, kinds.settings_of, mistakes)
    book = _standards(directory, kinds.why_no_medium, mistakes)
    year = _year(directory, mistakes)
    escalation = _escalation(directory, book, mistakes)
    services = _services(directory, main, channels, book, kinds.why_no_medium, mistakes)
    urgent = _urgent(directory, main, mistakes)
    if main is not None:
        mistakes += [f"{path}: {fault}" for fault in cross_checks.faults(main, channels, book)]
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
        form=main.form,
        operators=main.operators,
        sign_in=main.sign_in,
        tracking=main.tracking,
        accessibility=main.accessibility,
        privacy=main.privacy,
        feedback=main.feedback,
        channels=tuple(channels),
        standards=book,
        calendars=year.calendars(main.organisation.timezone),
        calendar_checked=year.holidays.checked,
        escalation=escalation,
        services=services,
        urgent=urgent,
        origins=values.origins(),
    )


def _validate(model: type[T], table: Any, path: Path, at: str, mistakes: list[str]) -> T | None:
    try:
        return model.model_validate(table)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        # Of a value that could not be had from elsewhere it is said once.
        fresh = [f for f in faults if not any(m.startswith(f"{path}: {advice.key(f, at)} = ") for m in mistakes)]
        mistakes += [f"{path}: {advice.line(fault, model, at)}" for fault in fresh]
        return None


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
        if (channel := _validate(model, table, path, at, mistakes)) is not None:
            channels.append(channel)
    return channels


def _elsewhere(main: Main | None, path: Path, kind_of: KindOf, mistakes: list[str]) -> list[ChannelSettings]:
    """What teams name by an address of Apprise's is an outlet of its own each."""
    urls = {name: (team.name, url) for team in (main.team if main else ()) for name, url in team.elsewhere().items()}
    outlets = []
    for name, (team, url) in urls.items():
        table = {"name": name, "kind": "apprise", "url": url}
        if (channel := _validate(kind_of("apprise"), table, path, f"team {team}", mistakes)) is not None:
            outlets.append(channel)
    return outlets


def _desk(
    channels: Sequence[ChannelSettings], path: Path, kind_of: KindOf, mistakes: list[str]
) -> list[ChannelSettings]:
    """Staff can always record what came by phone or letter: where no desk is configured there is one all the same."""
    if any(channel.kind == "desk" or channel.name == "desk" for channel in channels):
        return []
    outlets = [channel.name for channel in channels if isinstance(channel, Sender)]
    table = {"name": "desk", "kind": "desk", **({"replies_by": outlets[0]} if outlets else {})}
    desk = _validate(kind_of("desk"), table, path, "channel desk", mistakes)
    return [desk] if desk else []


def _standards(
    directory: Path, why_no_medium: standards.WhyNoMedium, mistakes: list[str]
) -> tuple[standards.Standard, ...]:
    """The directory's own standards, or the packaged ones if it has none."""
    folders = [d for d in (directory / "standards", *(p / "config" / "standards" for p in PACKAGED)) if d.is_dir()]
    book = []
    for path in sorted(folders[0].glob("*.toml")) if folders else []:
        try:
            book += standards.read(toml(path, mistakes), str(path), why_no_medium)
        except standards.BadStandard as error:
            mistakes += error.mistakes
    if not mistakes:
        mistakes += books.faults(book)
    return tuple(book)


def _year(directory: Path, mistakes: list[str]) -> Year:
    """What the folder `calendars` says, file by file: the directory's own, else the packaged one."""
    names = ("calendars/holidays.toml", "calendars/organisation.toml")
    holidays_path, own_path = (_file_of(directory, name) for name in names)
    holidays = _validate(Holidays, toml(holidays_path, mistakes), holidays_path, "", mistakes)
    own = _validate(OwnDays, toml(own_path, mistakes), own_path, "", mistakes)
    return Year(holidays or Holidays(checked=date.min), own or OwnDays())


def _escalation(directory: Path, book: tuple[standards.Standard, ...], mistakes: list[str]) -> Escalation | None:
    """The directory's own escalation.toml, else the packaged one."""
    path = _file_of(directory, "escalation.toml")
    escalation = _validate(Escalation, toml(path, mistakes), path, "", mistakes)
    ids = {standard.id for standard in book}
    for number, step in enumerate(escalation.step if escalation else (), 1):
        unknown = sorted(set(step.standards) - ids)
        at, choices = f"{path}: step[{number}].standards", ", ".join(sorted(ids))
        mistakes += [f"{at}: {name!r} is no standard; allowed: {choices}{suggestion(name, ids)}" for name in unknown]
    return escalation


def _services(
    directory: Path,
    main: Main | None,
    channels: list[ChannelSettings],
    book: tuple[standards.Standard, ...],
    why_no_medium: standards.WhyNoMedium,
    mistakes: list[str],
) -> Services:
    """The directory's own services.toml, else the packaged one."""
    path = _file_of(directory, "services.toml")
    services = _validate(Services, toml(path, mistakes), path, "", mistakes) or Services()
    faults = services.unknown_media(why_no_medium)
    if main is not None:
        teams, names = [team.name for team in main.team], [channel.name for channel in channels]
        faults += services.faults(teams, names, {kind for standard in book for kind in standard.kinds})
    mistakes += [f"{path}: {fault}" for fault in faults]
    return services


def _urgent(directory: Path, main: Main | None, mistakes: list[str]) -> Urgent:
    """The directory's own urgent.toml, else the packaged one."""
    path = _file_of(directory, "urgent.toml")
    urgent = _validate(Urgent, toml(path, mistakes), path, "", mistakes) or Urgent()
    if main is not None:
        # The packaged rules are tested before they are packaged, and that takes longer than everything else here.
        teams, is_own = [team.name for team in main.team], path.parent == directory
        mistakes += [f"{path}: {fault}" for fault in urgent.faults(teams, with_tests=is_own)]
    return urgent


def _file_of(directory: Path, name: str) -> Path:
    folders = (directory, *(packaged / "config" for packaged in PACKAGED))
    paths = [folder / name for folder in folders]
    return next((path for path in paths if path.is_file()), paths[0])
