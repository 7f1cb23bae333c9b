"""config/*.toml and the environment -> frozen Settings. Every mistake is reported, all at once, with file and key."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import Any

from bot.channel import Account, ChannelSettings, Sender
from bot.core import books, calendars, standards
from bot.core.mistakes import Mistake, as_text, choice
from bot.core.retention import Retention
from bot.core.urgencies import Rule, Rules, RulesOnDemand
from bot.settings import cross_checks, documents, main_file
from bot.settings.calendars import Holidays, OwnDays, Year
from bot.settings.documents import Document
from bot.settings.escalation import Escalation
from bot.settings.feedback import FeedbackSettings
from bot.settings.main import (
    FormSettings,
    LimitSettings,
    MailSettings,
    Main,
    OperatorSettings,
    SignIn,
    TrackingSettings,
    Web,
)
from bot.settings.main_file import MAIN_FILE, BadSettings
from bot.settings.organisation import Organisation
from bot.settings.public_pages import AccessibilitySettings, PrivacySettings
from bot.settings.retention import RetentionSettings
from bot.settings.services import Services
from bot.settings.store import StoreSettings
from bot.settings.teams import Team
from bot.settings.urgent import Urgent

_BOT = Path(__file__).parents[1]
# The wheel holds them within the package, a clone beside it; what stands beside an installed package is another's.
PACKAGED = (_BOT / "_data" if (_BOT / "_data").is_dir() else _BOT.parent,)
STANDARDS = "standards"
# What a folder of a configuration may hold.
FILES = (MAIN_FILE, "escalation.toml", "services.toml", "urgent.toml")
CALENDARS = ("calendars/holidays.toml", "calendars/organisation.toml")


@dataclass(frozen=True)
class Settings:
    """The whole configuration, checked. `channels` holds each `[[channel]]` as its own kind's settings.

    `document` is ackbot.toml as it is written.
    """

    directory: Path
    document: Document
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
    urgent: Rules

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

    `settings_of` gives the settings class of a kind, or raises LookupError with the kinds that there are.
    `why_no_medium` says why contacts cannot come in a way of that name.
    """

    settings_of: KindOf
    why_no_medium: standards.WhyNoMedium


def read(directory: Path, kinds: Kinds) -> Settings:
    """Read and check a configuration directory; raises BadSettings with every mistake."""
    document = documents.resolve(documents.read(main_file.path_in(directory)), directory)
    mistakes: list[Mistake] = [*document.mistakes]
    main = document.validate(Main, document.table, "", mistakes) if document.table else None
    channels = _channels(document, kinds.settings_of, mistakes) if document.table else []
    channels += _elsewhere(main, document, kinds.settings_of, mistakes)
    channels += _desk(channels, document, kinds.settings_of, mistakes)
    book = _standards(directory, kinds.why_no_medium, mistakes)
    year = _year(directory, mistakes)
    escalation = _escalation(directory, book, mistakes)
    services = _services(directory, main, channels, book, kinds.why_no_medium, mistakes)
    urgent = _urgent(directory, main, mistakes)
    if main is not None:
        mistakes += map(document.place, cross_checks.faults(main, channels, book))
    if mistakes or main is None or escalation is None:
        raise BadSettings(mistakes or [Mistake(str(document.path), message="is empty")])
    return Settings(
        directory=directory,
        document=document,
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
    )


def _channels(document: Document, kind_of: KindOf, mistakes: list[Mistake]) -> list[ChannelSettings]:
    channels: list[ChannelSettings] = []
    tables = document.table.get("channel", [])
    for number, table in enumerate(tables if isinstance(tables, list) else [], 1):
        if not isinstance(table, Mapping):
            continue
        at = f"channel[{number}]"
        try:
            model = kind_of(str(table.get("kind", "")))
        except LookupError as error:
            mistakes.append(document.place(_wrong_kind(at, table, error)))
            continue
        if (channel := document.validate(model, table, at, mistakes)) is not None:
            channels.append(channel)
    return channels


def _wrong_kind(at: str, table: Mapping[str, Any], error: LookupError) -> Mistake:
    kind, kinds = table.get("kind"), error.args[0]
    message = "is missing" if kind is None else "is not a kind of channel"
    return Mistake(
        key=f"{at}.kind", message=message, advice=choice(kind, kinds), value="" if kind is None else as_text(kind)
    )


def _elsewhere(
    main: Main | None, document: Document, kind_of: KindOf, mistakes: list[Mistake]
) -> list[ChannelSettings]:
    """What teams name by an address of Apprise's is an outlet of its own each."""
    teams = enumerate(main.team if main else (), 1)
    urls = {name: (number, url) for number, team in teams for name, url in team.elsewhere().items()}
    outlets = []
    for name, (number, url) in urls.items():
        table = {"name": name, "kind": "apprise", "url": url}
        if (channel := document.validate(kind_of("apprise"), table, f"team[{number}]", mistakes)) is not None:
            outlets.append(channel)
    return outlets


def _desk(
    channels: Sequence[ChannelSettings], document: Document, kind_of: KindOf, mistakes: list[Mistake]
) -> list[ChannelSettings]:
    """Staff can always record what came by phone or letter: where no desk is configured there is one all the same."""
    if any(channel.kind == "desk" or channel.name == "desk" for channel in channels):
        return []
    outlets = [channel.name for channel in channels if isinstance(channel, Sender)]
    table = {"name": "desk", "kind": "desk", **({"replies_by": outlets[0]} if outlets else {})}
    desk = document.validate(kind_of("desk"), table, "channel desk", mistakes)
    return [desk] if desk else []


def _standards(
    directory: Path, why_no_medium: standards.WhyNoMedium, mistakes: list[Mistake]
) -> tuple[standards.Standard, ...]:
    """The directory's own standards, or the packaged ones if it has none."""
    folders = [d for d in (directory / STANDARDS, *(p / "config" / STANDARDS for p in PACKAGED)) if d.is_dir()]
    book, of_files = list[standards.Standard](), list[Mistake]()
    for path in sorted(folders[0].glob("*.toml")) if folders else []:
        document = documents.read(path)
        of_files += document.mistakes
        try:
            book += standards.read(document.table, str(path), why_no_medium) if not document.mistakes else []
        except standards.BadStandard as error:
            of_files += map(document.place, error.mistakes)
    if not of_files:
        of_files += [Mistake(message=fault) for fault in books.faults(book)]
    mistakes += of_files
    return tuple(book)


def _year(directory: Path, mistakes: list[Mistake]) -> Year:
    """What the folder `calendars` says, file by file: the directory's own, else the packaged one."""
    holidays_file, own_file = (_file_of(directory, name, mistakes) for name in CALENDARS)
    holidays = holidays_file.validate(Holidays, holidays_file.table, "", mistakes)
    own = own_file.validate(OwnDays, own_file.table, "", mistakes)
    return Year(holidays or Holidays(checked=date.min), own or OwnDays())


def _escalation(directory: Path, book: tuple[standards.Standard, ...], mistakes: list[Mistake]) -> Escalation | None:
    """The directory's own escalation.toml, else the packaged one."""
    document = _file_of(directory, "escalation.toml", mistakes)
    escalation = document.validate(Escalation, document.table, "", mistakes)
    ids = sorted({standard.id for standard in book})
    for number, step in enumerate(escalation.step if escalation else (), 1):
        for name in sorted(set(step.standards).difference(ids)):
            key, advice = f"step[{number}].standards", choice(name, ids)
            mistakes.append(
                document.place(Mistake(key=key, message="is no standard", advice=advice, value=as_text(name)))
            )
    return escalation


def _services(
    directory: Path,
    main: Main | None,
    channels: list[ChannelSettings],
    book: tuple[standards.Standard, ...],
    why_no_medium: standards.WhyNoMedium,
    mistakes: list[Mistake],
) -> Services:
    """The directory's own services.toml, else the packaged one."""
    document = _file_of(directory, "services.toml", mistakes)
    services = document.validate(Services, document.table, "", mistakes) or Services()
    faults = services.unknown_media(why_no_medium)
    if main is not None:
        teams, names = [team.name for team in main.team], [channel.name for channel in channels]
        faults += services.faults(teams, names, {kind for standard in book for kind in standard.kinds})
    mistakes += map(document.place, faults)
    return services


def _urgent(directory: Path, main: Main | None, mistakes: list[Mistake]) -> Rules:
    """The rules of the directory's own urgent.toml, else of the packaged one."""
    path = _path_of(directory, "urgent.toml")
    if path.parent != directory:
        return RulesOnDemand(partial(_packaged_rules, path))
    document = documents.read(path)
    mistakes += document.mistakes
    urgent = document.validate(Urgent, document.table, "", mistakes) or Urgent()
    # While nobody can say which teams there are, each that is named is taken for one.
    faults = urgent.faults([team.name for team in main.team] if main else [rule.team for rule in urgent.rule])
    mistakes += map(document.place, faults)
    return () if faults else urgent.rules()


@cache
def _packaged_rules(path: Path) -> tuple[Rule, ...]:
    """Return rules that were tested before they were packaged, the same each time: their phrases are read once.

    Raises BadSettings where somebody has broken the file since.
    """
    document = documents.read(path)
    mistakes = [*document.mistakes]
    urgent = document.validate(Urgent, document.table, "", mistakes)
    if urgent is None or mistakes:
        raise BadSettings(mistakes)
    return urgent.rules()


def _file_of(directory: Path, name: str, mistakes: list[Mistake]) -> Document:
    """Return the directory's own file of this name, else the packaged one."""
    path = _path_of(directory, name)
    document = documents.read(path) if path.parent.is_relative_to(directory) else _packaged(path)
    mistakes += document.mistakes
    return document


@cache
def _packaged(path: Path) -> Document:
    """Read a packaged file, once in a process: it stays as it is while the program runs."""
    return documents.read(path)


def _path_of(directory: Path, name: str) -> Path:
    folders = (directory, *(packaged / "config" for packaged in PACKAGED))
    paths = [folder / name for folder in folders]
    return next((path for path in paths if path.is_file()), paths[0])
