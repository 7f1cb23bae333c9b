"""Alarms of the service itself: told together when they begin, told when they are over, and not for every flicker."""

from datetime import UTC, datetime, timedelta

from bot.core import alarms
from bot.core.alarms import Alarm, On

NOW, OVER_AFTER = datetime(2026, 11, 23, 9, 15, tzinfo=UTC), timedelta(minutes=2)
DISK = Alarm("disk", "The disk is nearly full", "10 MB are free.", "Make room.")
LINE = Alarm("channel inbox", "The channel inbox cannot be read", "It was refused.", "Put it right.")


def test_an_alarm_is_told_when_it_begins_and_when_it_is_over() -> None:
    """Once each; what flickers within two minutes is one alarm."""
    on: dict[str, On] = {}
    notices = []
    for minutes, seen in ((0, [DISK]), (1, [DISK]), (2, []), (3, [DISK]), (4, []), (5, []), (6, []), (7, [])):
        changed = alarms.change(on, seen, NOW + timedelta(minutes=minutes), OVER_AFTER)
        on = dict(changed.on)
        notices += [(minutes, "began") for _ in changed.new] + [(minutes, "over") for _ in changed.over]
    assert notices == [(0, "began"), (5, "over")]
    assert on == {}


def test_what_begins_together_is_one_notice() -> None:
    """It names each, and what to do about each."""
    changed = alarms.change({}, [DISK, LINE], NOW, OVER_AFTER)
    notice = alarms.words(changed.new, changed.over)
    assert notice["subject"] == "2 things need you at once"
    assert all(part in notice["happened"] for alarm in (DISK, LINE) for part in (alarm.subject, alarm.description))
    assert notice["action"] == "Make room. Put it right."
    assert alarms.words((DISK,), ())["subject"] == DISK.subject


def test_what_is_over_says_since_when_it_was() -> None:
    """And that there is nothing to do."""
    over = On(DISK, NOW, NOW + timedelta(hours=1))
    notice = alarms.words((), (over,))
    assert notice["subject"] == "Over: The disk is nearly full"
    assert "09:15 (UTC) on 23 November 2026" in notice["happened"]
    assert alarms.words((), (over, over))["subject"] == "2 alarms are over"
    assert "Over: The disk is nearly full." in alarms.words((LINE,), (over,))["happened"]


def test_what_passes_by_itself_is_never_over() -> None:
    """A clock that jumped has jumped."""
    jump = Alarm("clock 1", "The clock has jumped", "By an hour.", "See to it.", passing=True)
    changed = alarms.change({}, [jump], NOW, OVER_AFTER)
    assert (changed.new, dict(changed.on)) == ((jump,), {})
    assert alarms.change({}, [], NOW + OVER_AFTER, OVER_AFTER).over == ()
