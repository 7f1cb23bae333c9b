"""What keeps the service itself from its promises: which alarms begin, which are over, and what the operators read."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

# What comes and goes is one alarm, not twenty.
OVER_AFTER = timedelta(minutes=2)


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
    seen: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """What began and what is over since the last look, and all that is on now."""

    began: tuple[Alarm, ...]
    over: tuple[On, ...]
    on: Mapping[str, On] = field(default_factory=dict)


def change(on: Mapping[str, On], seen: Collection[Alarm], now: datetime) -> Change:
    """Compare what is seen at `now` with what was on. An alarm is over once it was not seen for OVER_AFTER."""
    still = {alarm.name: replace(on[alarm.name], seen=now) for alarm in seen if alarm.name in on}
    began = tuple(alarm for alarm in seen if alarm.name not in on)
    gone = [one for name, one in on.items() if name not in still]
    over = tuple(one for one in gone if now - one.seen >= OVER_AFTER)
    kept = {one.alarm.name: one for one in gone if one not in over}
    return Change(
        began, over, {**kept, **still, **{alarm.name: On(alarm, now, now) for alarm in began if not alarm.passing}}
    )


def words(began: Sequence[Alarm], over: Sequence[On]) -> dict[str, str]:
    """One notice about all of it: `subject`, `happened`, `action`."""
    if len(began) == 1 and not over:
        return {"subject": began[0].subject, "happened": began[0].happened, "action": began[0].action}
    if len(over) == 1 and not began:
        one = over[0]
        happened = f"This is over. It began at {one.since:%H:%M} (UTC) on {one.since:%d %B %Y}."
        return {"subject": f"Over: {one.alarm.subject}", "happened": happened, "action": "There is nothing to do."}
    lines = [f"{alarm.subject}: {alarm.happened}" for alarm in began]
    lines += [f"Over: {one.alarm.subject}." for one in over]
    subject = f"{len(over)} alarms are over"
    if began:
        subject = f"{len(began)} things need you at once" if len(began) > 1 else began[0].subject
    action = " ".join(dict.fromkeys(alarm.action for alarm in began)) or "There is nothing to do."
    return {"subject": subject, "happened": " ".join(lines), "action": action}
