"""Checks between the tables of ackbot.toml: every name in one of them must exist in another."""

from collections.abc import Iterator, Mapping, Sequence

from bot.channel import CHANNEL, Account, ChannelSettings, Sender, TextOutlet, TextsByOutlet, WayIn
from bot.core.mistakes import Mistake, as_text, choice, used_twice
from bot.core.standards import Standard
from bot.core.tracking import QUIET_KINDS
from bot.settings.feedback import NEVER_KINDS
from bot.settings.main import Main

# The key of each channel's table, by its name.
Places = Mapping[str, str]
_NO_OUTLET = "none yet: a way out such as kind email_smtp is missing"


def faults(main: Main, channels: Sequence[ChannelSettings], book: Sequence[Standard]) -> Iterator[Mistake]:
    """Yield each name that does not exist or is used twice."""
    places = {str(table.get("name")): f"channel[{number}]" for number, table in enumerate(main.channel, 1)}
    yield from used_twice("channel", [str(table.get("name")) for table in main.channel])
    yield from used_twice("team", [team.name for team in main.team])
    yield from _unknown_text_outlets(channels, places)
    yield from _unknown_reply_outlets(main, channels, places)
    yield from _unknown_teams(main, channels, places)
    yield from _unknown_alert_outlets(main, channels)
    yield from _unknown_kinds(main, book)


def _place(channel: ChannelSettings, places: Places) -> str:
    return places.get(channel.name, f"channel {channel.name}")


def _unknown(key: str, value: str, message: str, names: Sequence[str], absence: str = "none yet") -> Mistake:
    return Mistake(key=key, message=message, advice=choice(value, names, absence), value=as_text(value))


def _unknown_text_outlets(channels: Sequence[ChannelSettings], places: Places) -> Iterator[Mistake]:
    outlets = sorted(c.name for c in channels if isinstance(c, TextOutlet) and c.sms_template)
    for channel in channels:
        if isinstance(channel, TextsByOutlet) and channel.texts_by is not None and channel.texts_by not in outlets:
            key = f"{_place(channel, places)}.texts_by"
            yield _unknown(key, channel.texts_by, "sends no text messages", outlets, "none")


def _unknown_reply_outlets(main: Main, channels: Sequence[ChannelSettings], places: Places) -> Iterator[Mistake]:
    outlets = sorted(channel.name for channel in channels if isinstance(channel, Sender))
    of_teams = ((f"team[{number}]", team.replies_by) for number, team in enumerate(main.team, 1))
    for place, outlet in (*_answered_by_others(channels, places), *of_teams):
        if outlet is not None and outlet not in outlets:
            yield _unknown(f"{place}.replies_by", outlet, "is not a way out", outlets, _NO_OUTLET)


def _answered_by_others(channels: Sequence[ChannelSettings], places: Places) -> Iterator[tuple[str, str | None]]:
    """Each way in but accounts on platforms that answer for themselves; nobody else can be reached through those."""
    for way in channels:
        if isinstance(way, WayIn) and not (isinstance(way, Account) and way.replies_by == way.name):
            yield _place(way, places), way.replies_by


def _unknown_teams(main: Main, channels: Sequence[ChannelSettings], places: Places) -> Iterator[Mistake]:
    teams = [team.name for team in main.team]
    references = [(f"{_place(way, places)}.team", way.team) for way in channels if isinstance(way, WayIn)]
    for key, team in [("operators.team", main.operators.team or None), *references]:
        if team is not None and team not in teams:
            yield _unknown(key, team, "is not a team", teams)


def _unknown_alert_outlets(main: Main, channels: Sequence[ChannelSettings]) -> Iterator[Mistake]:
    outlets = [channel.name for channel in channels if not isinstance(channel, WayIn)]
    for number, team in enumerate(main.team, 1):
        references = {target.removeprefix(CHANNEL) for target in team.targets() if target.startswith(CHANNEL)}
        for name in sorted(references.difference(outlets)):
            yield Mistake(key=f"team[{number}]", message=f"{CHANNEL}{name} is no way out", advice=choice(name, outlets))


def _unknown_kinds(main: Main, book: Sequence[Standard]) -> Iterator[Mistake]:
    kinds = sorted({kind for standard in book for kind in standard.kinds})
    message = "no standard is for this kind"
    for kind in main.retention.kinds:
        if kind not in kinds:
            yield Mistake(key=f"retention.kinds.{kind}", message=message, advice=choice(kind, kinds))
    for kind in sorted(set(main.tracking.quiet_kinds) - QUIET_KINDS):
        if kind not in kinds:
            yield _unknown("tracking.quiet_kinds", kind, message, kinds)
    for kind in main.feedback.never_kinds:
        if kind not in (*kinds, *NEVER_KINDS):
            yield _unknown("feedback.never_kinds", kind, message, kinds)
