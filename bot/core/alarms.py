"""Tracks faults of the service itself: new alarms, ended alarms, and the notice to the operators."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Alarm:
    """One fault that exists now: `name` identifies it; the texts are plain and without personal data.

    `passing`: it happened at one instant, and ends by itself.
    """

    name: str
    subject: str
    description: str
    action: str
    passing: bool = False


@dataclass(frozen=True, slots=True)
class On:
    """An alarm that was reported, with the instant of its begin and the last look that found it."""

    alarm: Alarm
    since: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """The differences since the last look, and all alarms that are on now."""

    new: tuple[Alarm, ...]
    over: tuple[On, ...]
    on: Mapping[str, On] = field(default_factory=dict)


def change(on: Mapping[str, On], alarms: Collection[Alarm], now: datetime, over_after: timedelta) -> Change:
    """Compare the alarms of this look with those that were on.

    An alarm ends once no look has found it for `over_after`, so that an intermittent fault is one alarm and not twenty.
    """
    new = tuple(alarm for alarm in alarms if alarm.name not in on)
    states = dict(on) | {alarm.name: replace(on[alarm.name], seen_at=now) for alarm in alarms if alarm.name in on}
    over = tuple(state for state in states.values() if now - state.seen_at >= over_after)
    for state in over:
        del states[state.alarm.name]
    return Change(new, over, states | {alarm.name: On(alarm, now, now) for alarm in new if not alarm.passing})


def words(new: Sequence[Alarm], over: Sequence[On]) -> dict[str, str]:
    """Return one notice about all changes: `subject`, `happened`, `action`."""
    if len(new) == 1 and not over:
        return {"subject": new[0].subject, "happened": new[0].description, "action": new[0].action}
    if len(over) == 1 and not new:
        state = over[0]
        description = f"This is over. It began at {state.since:%H:%M} (UTC) on {state.since:%d %B %Y}."
        return {"subject": f"Over: {state.alarm.subject}", "happened": description, "action": "There is nothing to do."}
    lines = [f"{alarm.subject}: {alarm.description}" for alarm in new]
    lines += [f"Over: {state.alarm.subject}." for state in over]
    action = " ".join(dict.fromkeys(alarm.action for alarm in new)) or "There is nothing to do."
    return {"subject": _subject(new, over), "happened": " ".join(lines), "action": action}


def _subject(new: Sequence[Alarm], over: Sequence[On]) -> str:
    if not new:
        return f"{len(over)} alarms are over"
    return new[0].subject if len(new) == 1 else f"{len(new)} things need you at once"
