"""What keeps the service itself from its promises: which alarms begin, which are over, and what the operators read."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that is wrong now: `name` tells it from others; in plain words, without personal data.

    `passing`: it happened, and is over by itself.
    """

    name: str
    subject: str
    happened: str
    action: str
    passing: bool = False


@dataclass(frozen=True, slots=True)
class On:
    """An alarm that was told, since when it is on, and when it was last seen."""

    alarm: Alarm
    since: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """What began and what is over since the last look, and all that is on now."""

    began: tuple[Alarm, ...]
    over: tuple[On, ...]
    on: Mapping[str, On] = field(default_factory=dict)


def change(on: Mapping[str, On], alarms: Collection[Alarm], now: datetime, over_after: timedelta) -> Change:
    """Compare the alarms of this look with those that were on.

    One is over once no look has seen it for `over_after`, so that what comes and goes is one alarm and not twenty.
    """
    began = tuple(alarm for alarm in alarms if alarm.name not in on)
    states = dict(on) | {alarm.name: replace(on[alarm.name], seen_at=now) for alarm in alarms if alarm.name in on}
    over = tuple(state for state in states.values() if now - state.seen_at >= over_after)
    for state in over:
        del states[state.alarm.name]
    return Change(began, over, states | {alarm.name: On(alarm, now, now) for alarm in began if not alarm.passing})


def words(began: Sequence[Alarm], over: Sequence[On]) -> dict[str, str]:
    """One notice about all of it: `subject`, `happened`, `action`."""
    if len(began) == 1 and not over:
        return {"subject": began[0].subject, "happened": began[0].happened, "action": began[0].action}
    if len(over) == 1 and not began:
        state = over[0]
        happened = f"This is over. It began at {state.since:%H:%M} (UTC) on {state.since:%d %B %Y}."
        return {"subject": f"Over: {state.alarm.subject}", "happened": happened, "action": "There is nothing to do."}
    lines = [f"{alarm.subject}: {alarm.happened}" for alarm in began]
    lines += [f"Over: {state.alarm.subject}." for state in over]
    action = " ".join(dict.fromkeys(alarm.action for alarm in began)) or "There is nothing to do."
    return {"subject": _subject(began, over), "happened": " ".join(lines), "action": action}


def _subject(began: Sequence[Alarm], over: Sequence[On]) -> str:
    if not began:
        return f"{len(over)} alarms are over"
    return began[0].subject if len(began) == 1 else f"{len(began)} things need you at once"
