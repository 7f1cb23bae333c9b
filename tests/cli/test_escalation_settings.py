"""escalation.toml: the packaged ladder, one's own, and every mistake by file and key."""

from datetime import date
from pathlib import Path

import pytest

from bot import kinds
from bot.flows.rulebook import RECEIPT_PATIENCE
from bot.settings import rulebook
from bot.settings.reading import BadSettings, Settings
from tests.cli.test_settings import GOOD

STEP = '[[step]]\nat = "{at}"\n'


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_SECRET", "a-secret-of-the-test")


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
    ("text", "said"),
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
        ("[restraint]\njoin_above = 5\n", "step: is missing"),
        (STEP.format(at="50%") + AWAY.format(first="2026-12-21", last="2026-12-20"), "is before first"),
        (STEP.format(at="50%") + '[[absence]]\nperson = "bo"\n', "absence[1].person"),
        (STEP.format(at="2 days before") + 'clock = "acknowledge"\n', 'clock "acknowledge" has a share'),
        ("[restraint]\ncolour = 1\n" + STEP.format(at="50%"), "restraint.colour"),
    ],
)
def test_every_mistake_names_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    """What cannot be is refused, and it is said what is allowed."""
    with pytest.raises(BadSettings) as caught:
        load(tmp_path, text)
    assert any(said in line and "escalation.toml" in line for line in caught.value.mistakes), caught.value.mistakes


def test_a_team_says_who_stands_above_it(tmp_path: Path) -> None:
    """Lead, manager, head and director are addresses as those of the team."""
    main = GOOD + 'lead = ["mailto:lead@example.gov.uk"]\n'
    team = rulebook.build(load(tmp_path, main=main), {}, RECEIPT_PATIENCE).teams["front-office"]
    assert team.addresses_of(["team", "lead", "head"]) == ("front.office@example.gov.uk", "lead@example.gov.uk")
    with pytest.raises(BadSettings) as caught:
        load(tmp_path, main=GOOD + 'head = ["head@example.gov.uk"]\n')
    assert any("team[1].head" in line and "mailto:" in line for line in caught.value.mistakes)
