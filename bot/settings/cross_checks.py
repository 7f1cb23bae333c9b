"""Checks between the tables of ackbot.toml: every name in one of them must exist in another."""

from collections.abc import Iterator, Sequence

from bot.channel import CHANNEL, Account, ChannelSettings, Sender, TextOutlet, TextsByOutlet, WayIn
from bot.core.standards import Standard
from bot.core.suggestions import suggestion
from bot.core.tracking import QUIET_KINDS
from bot.settings.feedback import NEVER_KINDS
from bot.settings.main import Main


def faults(main: Main, channels: Sequence[ChannelSettings], book: Sequence[Standard]) -> Iterator[str]:
    """Yield each name that does not exist or is used twice, in one line with its key."""
    yield from _used_twice("channel", [channel.name for channel in channels])
    yield from _used_twice("team", [team.name for team in main.team])
    yield from _unknown_text_outlets(channels)
    yield from _unknown_reply_outlets(main, channels)
    yield from _unknown_teams(main, channels)
    yield from _unknown_alert_outlets(main, channels)
    yield from _unknown_kinds(main, book)


def _used_twice(table: str, names: Sequence[str]) -> Iterator[str]:
    for name in sorted(name for name in set(names) if names.count(name) > 1):
        yield f"{table}.name = {name!r} is used twice"


def _unknown_text_outlets(channels: Sequence[ChannelSettings]) -> Iterator[str]:
    outlets = sorted(c.name for c in channels if isinstance(c, TextOutlet) and c.sms_template)
    for channel in channels:
        if isinstance(channel, TextsByOutlet) and channel.texts_by not in (None, *outlets):
            at = f"channel {channel.name!r}: texts_by = {channel.texts_by!r}"
            near = suggestion(channel.texts_by, outlets)
            yield f"{at} sends no text messages; allowed: {', '.join(outlets) or 'none'}{near}"


def _unknown_reply_outlets(main: Main, channels: Sequence[ChannelSettings]) -> Iterator[str]:
    outlets = sorted(channel.name for channel in channels if isinstance(channel, Sender))
    references = [*_answered_by_others(channels), *((f"team {team.name!r}", team.replies_by) for team in main.team)]
    allowed_outlets = ", ".join(outlets) or "none yet: a way out such as kind email_smtp is missing"
    for owner, outlet in references:
        if outlet not in (None, *outlets):
            near = suggestion(outlet, outlets)
            yield f"{owner}: replies_by = {outlet!r} is not a way out; allowed: {allowed_outlets}{near}"


def _answered_by_others(channels: Sequence[ChannelSettings]) -> Iterator[tuple[str, str | None]]:
    """Each way in but accounts on platforms that answer for themselves; nobody else can be reached through those."""
    for way in channels:
        if isinstance(way, WayIn) and not (isinstance(way, Account) and way.replies_by == way.name):
            yield f"channel {way.name!r}", way.replies_by


def _unknown_teams(main: Main, channels: Sequence[ChannelSettings]) -> Iterator[str]:
    teams = [team.name for team in main.team]
    references = [(f"channel {way.name!r}: team", way.team) for way in channels if isinstance(way, WayIn)]
    for key, team in [("operators.team", main.operators.team or None), *references]:
        if team not in (None, *teams):
            yield f"{key} = {team!r} is not a team; allowed: {', '.join(teams)}{suggestion(team, teams)}"


def _unknown_alert_outlets(main: Main, channels: Sequence[ChannelSettings]) -> Iterator[str]:
    outlets = [channel.name for channel in channels if not isinstance(channel, WayIn)]
    for team in main.team:
        references = {target.removeprefix(CHANNEL) for target in team.targets() if target.startswith(CHANNEL)}
        for name in sorted(references.difference(outlets)):
            near = suggestion(name, outlets)
            yield f"team {team.name!r}: {CHANNEL}{name} is no way out; allowed: {', '.join(outlets)}{near}"


def _unknown_kinds(main: Main, book: Sequence[Standard]) -> Iterator[str]:
    kinds = sorted({kind for standard in book for kind in standard.kinds})
    references = [(f"retention.kinds.{kind}", kind) for kind in main.retention.kinds]
    references += [("tracking.quiet_kinds", kind) for kind in sorted(set(main.tracking.quiet_kinds) - QUIET_KINDS)]
    references += [("feedback.never_kinds", kind) for kind in main.feedback.never_kinds if kind not in NEVER_KINDS]
    for key, kind in references:
        if kind not in kinds:
            near = suggestion(kind, kinds)
            yield f"{key}: no standard is for the kind {kind!r}; allowed: {', '.join(kinds)}{near}"
