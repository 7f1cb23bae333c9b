"""escalation.toml: the packaged ladder, one's own, and every mistake by file and key."""

import json
import re
import tomllib
from dataclasses import fields
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import kinds
from bot.core.durations import duration
from bot.core.timing import Timing
from bot.settings import rulebook
from bot.settings.main_file import BadSettings
from bot.settings.reading import Settings
from tests.cli.test_settings import GOOD

STEP = '[[step]]\nat = "{at}"\n'


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_SECRET", "a secret of the tests, 32 and more")


def load(directory: Path, escalation: str = "", main: str = GOOD) -> Settings:
    """The configuration with this escalation.toml."""
    (directory / "ackbot.toml").write_text(main, encoding="utf-8")
    if escalation:
        (directory / "escalation.toml").write_text(escalation, encoding="utf-8")
    return kinds.load(directory)


def test_without_a_file_the_packaged_ladder_holds(tmp_path: Path) -> None:
    """Half in the daily list, three quarters too unless by law, then messages to ever more people, in office hours."""
    read = load(tmp_path).escalation
    steps = read.ladders().general
    assert [step.name.removeprefix("respond-") for step in steps] == ["50", "75", "90", "due", "overdue"]
    assert [(step.digest, step.own_by_law) for step in steps][:3] == [(True, False), (True, True), (False, False)]
    assert steps[-1].to == ("owner", "lead", "manager", "head", "director")
    assert (read.restraint.office_hours_only, read.restraint.join_above, read.restraint.an_hour) == (True, 10, 6)


def test_a_ladder_of_ones_own_replaces_it(tmp_path: Path) -> None:
    """Shares, days before, hours before; and another ladder for one standard."""
    own = STEP.format(at="60 %") + STEP.format(at="2 working days before") + STEP.format(at="due")
    own += STEP.format(at="4 hours before") + 'standards = ["general"]\n'
    ladders = load(tmp_path, own).escalation.ladders()
    assert [step.name for step in ladders.of("foi")] == ["respond-60", "respond-2-working-days-before", "respond-due"]
    assert [step.words for step in ladders.of("general")] == ["the answer is due in 4 hours"]


AWAY = '[[absence]]\nperson = "mailto:bo@x.example"\nfirst = {first}\nlast = {last}\ndeputy = "mailto:jo@x.example"\n'


def test_the_time_to_acknowledge_has_its_own_steps_and_people_have_deputies(tmp_path: Path) -> None:
    """A share, and due; an absence with its days, both included."""
    own = STEP.format(at="due") + STEP.format(at="40%") + 'clock = "acknowledge"\nto = ["lead"]\n'
    own += STEP.format(at="due") + 'clock = "acknowledge"\n'
    escalation = load(tmp_path, own + AWAY.format(first="2026-12-21", last="2026-12-24")).escalation
    assert [(step.name, step.to) for step in escalation.ladders().receipt] == [
        *(("acknowledge-40", ("lead",)), ("acknowledge-due", ("owner",)))
    ]
    deputies = escalation.deputies()
    for day, deputy in ((20, None), (21, "jo@x.example"), (24, "jo@x.example"), (25, None)):
        away = deputies.of("bo@x.example", date(2026, 12, day))
        assert (away.deputy if away else None) == deputy


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (STEP.format(at="soon"), "step[1].at = 'soon'"),
        (STEP.format(at="0%"), "allowed: 1% to 500%"),
        (STEP.format(at="2 months before"), "2 working days before"),
        (STEP.format(at="50%") + 'to = ["mayor"]\n', "step[1].to[1]"),
        (STEP.format(at="50%") + 'by = "pigeon"\n', "step[1].by"),
        (STEP.format(at="50%") + 'standards = ["forever"]\n' + STEP.format(at="50%"), "'forever' is no standard"),
        (STEP.format(at="50%") + STEP.format(at="50 %"), "two steps at the same moment: respond-50"),
        (STEP.format(at="50%") + 'standards = ["general"]\n', "the general ladder has no step"),
        ("[restraint]\nan_hour = -1\n" + STEP.format(at="50%"), "restraint.an_hour = -1"),
        ("[restraint]\njoin_above = 5\n", "step is missing"),
        (STEP.format(at="50%") + AWAY.format(first="2026-12-21", last="2026-12-20"), "is before first"),
        (STEP.format(at="50%") + '[[absence]]\nperson = "bo"\n', "absence[1].person"),
        (STEP.format(at="2 days before") + 'clock = "acknowledge"\n', 'clock "acknowledge" has a share'),
        ("[restraint]\ncolour = 1\n" + STEP.format(at="50%"), "restraint.colour"),
        ("[alerts]\ncolour = 1\n" + STEP.format(at="50%"), "alerts.colour"),
    ],
)
def test_every_mistake_names_file_and_key(tmp_path: Path, text: str, words: str) -> None:
    """What cannot be is refused, and it is said what is allowed."""
    with pytest.raises(BadSettings) as caught:
        load(tmp_path, text)
    assert any(words in line and "escalation.toml" in line for line in str(caught.value).splitlines()), str(
        caught.value
    ).splitlines()


# Another value for each key, as it is written and as it is read; and one that cannot be, with what is allowed.
KEYS: dict[str, tuple[str, Any, str, str]] = {
    "receipt_late_after": ('"20 minutes"', timedelta(minutes=20), '"30 seconds"', "1 minute to 1 day"),
    "receipt_window_warning": ('"90 minutes"', timedelta(minutes=90), '"13 hours"', "15 minutes to 12 hours"),
    "answer_window_warning": ('"2 days"', timedelta(days=2), '"4 days"', "15 minutes to 3 days"),
    "assign_within": ('"2 working days"', duration("2 working days"), '"1 month"', "4 working hours"),
    "progress_at": ('"60%"', 0.6, '"0%"', "1% to 100%"),
    "long_pause": ('"21 days"', timedelta(days=21), '"3 working days"', "1 day to 730 days"),
    "steps_before_lead": ("3", 3, "0", "1 or more"),
    "look_again_after": ('"1 day"', timedelta(days=1), '"1 minute"', "1 hour to 30 days"),
    "look_again_after_fault": ('"5 minutes"', timedelta(minutes=5), "5", "1 minute to 1 day"),
    "urgent_again_after": ('"10 minutes"', timedelta(minutes=10), '"2 days"', "1 minute to 1 day"),
    "urgent_once_within": ('"1 hour"', timedelta(hours=1), '"30 seconds"', "1 minute to 1 day"),
    "urgent_within": ('"1 day"', timedelta(days=1), '"soon"', "1 hour to 30 days"),
    "never_quiet_from": ('"75 %"', 0.75, '"101%"', "1% to 100%"),
    "quiet_choices": (
        '["30 minutes", "3 working days"]',
        (duration("30 minutes"), duration("3 working days")),
        '["2 days"]',
        '"1 working day"',
    ),
    "quiet_morning": ('"10:15"', time(10, 15), '"25:00"', '"00:00" to "23:59"'),
    "links_valid_for": ('"30 days"', timedelta(days=30), '"91 days"', "1 day to 90 days"),
    "list_at": ('"07:45"', time(7, 45), '"7.45"', '"00:00" to "23:59"'),
    "list_not_after": ('"12:00"', time(12), '"noon"', '"00:00" to "23:59"'),
    "list_ahead_working_days": ("5", 5, '"many"', "a whole number"),
    "added_told_once_in": ('"2 hours"', timedelta(hours=2), '"0 hours"', "1 minute to 30 days"),
    "automatic_mails_a_day": ("5", 5, "-1", "1 or more"),
    "own_mails_a_day": ("10", 10, "1001", "1000 or less"),
    "channel_silent_after": ('"1 hour"', timedelta(hours=1), '"2 days"', "1 minute to 1 day"),
    "alerts_late_after": ('"30 minutes"', timedelta(minutes=30), '"2 days"', "1 minute to 1 day"),
    "looks_late_after": ('"5 minutes"', timedelta(minutes=5), '"2 days"', "1 minute to 1 day"),
    "clock_jump": ('"5 minutes"', timedelta(minutes=5), '"2 days"', "1 minute to 1 day"),
    "alarm_over_after": ('"10 minutes"', timedelta(minutes=10), '"2 days"', "1 minute to 1 day"),
    "events_late_after": ('"2 hours"', timedelta(hours=2), '"3 days"', "1 minute to 2 days"),
    "review_told_before": ('"90 days"', timedelta(days=90), '"1 month"', "1 day to 730 days"),
    "holidays_checked_within": ('"180 days"', timedelta(days=180), "true", "1 day to 730 days"),
}
FIRST_STEP = STEP.format(at="50%")


def test_every_number_is_as_it_was(tmp_path: Path) -> None:
    """Without the table, and with the packaged one, which names each key, everything has its usual value."""
    packaged = load(tmp_path).escalation
    assert packaged.alerts.model_fields_set == set(KEYS) == {field.name for field in fields(Timing)}
    assert packaged.alerts.timing() == load(tmp_path, FIRST_STEP).escalation.alerts.timing() == Timing()


def test_each_number_may_be_set(tmp_path: Path) -> None:
    """What is written reaches the rulebook."""
    table = "".join(f"{key} = {written}\n" for key, (written, *_) in KEYS.items())
    configured = load(tmp_path, f"[alerts]\n{table}{FIRST_STEP}")
    values = {key: value for key, (_, value, *_) in KEYS.items()}
    assert rulebook.build(configured, {}).clocks.timing == Timing(**values)


def test_what_cannot_be_a_number_is_refused(tmp_path: Path) -> None:
    """Each by file, key, value and what is allowed, all at once."""
    table = "".join(f"{key} = {nonsense}\n" for key, (*_, nonsense, _) in KEYS.items())
    with pytest.raises(BadSettings) as caught:
        load(tmp_path, f"[alerts]\n{table}{FIRST_STEP}")
    for key, (*_, nonsense, allowed) in KEYS.items():
        lines = [
            line for line in str(caught.value).splitlines() if re.search(rf"escalation.toml:\d+: alerts.{key}\b", line)
        ]
        assert lines, key
        assert nonsense.strip('[]"') in lines[0], key
        assert allowed in lines[0]


@pytest.mark.parametrize(
    ("table", "mistake"),
    [
        (
            'receipt_late_after = "3 hours"\nassign_within = "2 working hours"\n',
            "assign_within (2 working hours) must not be shorter than receipt_late_after (3 hours)",
        ),
        ('list_not_after = "08:30"\n', "list_not_after (08:30) must be later than list_at (08:30)"),
    ],
)
def test_numbers_that_contradict_one_another_are_refused(tmp_path: Path, table: str, mistake: str) -> None:
    """A contact's first look is when its receipt would be late: nobody may have to have it before that."""
    with pytest.raises(BadSettings) as caught:
        load(tmp_path, f"[alerts]\n{table}{FIRST_STEP}")
    assert mistake in str(caught.value)


def test_the_documentation_names_every_number() -> None:
    """docs/escalation.md has a line for each key, with its usual value as the packaged file writes it."""
    root = Path(__file__).parents[2]
    alerts = tomllib.loads((root / "config" / "escalation.toml").read_text(encoding="utf-8"))["alerts"]
    text = (root / "docs" / "escalation.md").read_text(encoding="utf-8")
    assert not [key for key, value in alerts.items() if f"| `{key}` | `{json.dumps(value)}` |" not in text]


def test_a_team_says_who_stands_above_it(tmp_path: Path) -> None:
    """Lead, manager, head and director are addresses as those of the team."""
    main = GOOD + 'lead = ["mailto:lead@example.gov.uk"]\n'
    team = rulebook.build(load(tmp_path, main=main), {}).outgoing.teams["front-office"]
    assert team.addresses_of(["team", "lead", "head"]) == ("front.office@example.gov.uk", "lead@example.gov.uk")
    with pytest.raises(BadSettings) as caught:
        load(tmp_path, main=GOOD + 'head = ["head@example.gov.uk"]\n')
    assert any("team[1].head" in line and "mailto:" in line for line in str(caught.value).splitlines())
