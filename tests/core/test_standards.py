"""Promises in words: what is read, what is refused and where it points, and which standard is in force."""

import tomllib
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest

from bot.core.books import Book, Matter
from bot.core.durations import SAME_DAY, BadWords, Duration, Unit, duration, receipt_rule
from bot.core.standards import BadStandard, from_memory, standard

PACKAGED = Path(__file__).parents[2] / "config" / "standards" / "general.toml"


@pytest.mark.parametrize(
    ("text", "count", "unit", "rolls"),
    [
        ("1 working day", 1, Unit.WORKING_DAY, False),
        ("10 working days", 10, Unit.WORKING_DAY, False),
        ("30 days, then next working day", 30, Unit.DAY, True),
        ("1 month , then next working day", 1, Unit.MONTH, True),
        ("3 months", 3, Unit.MONTH, False),
        ("168 hours", 168, Unit.HOUR, False),
        ("4 Working  Hours", 4, Unit.WORKING_HOUR, False),
        ("15 minutes", 15, Unit.MINUTE, False),
    ],
)
def test_durations_are_read(text: str, count: int, unit: Unit, rolls: bool) -> None:  # noqa: FBT001 - a column
    """Each unit, with and without the roll, and the words are kept as they were."""
    read = duration(text)
    assert read == Duration(count, unit, rolls)
    assert str(read) == text


def test_a_duration_without_words_finds_its_own() -> None:
    """What is computed reads like what is written."""
    for text in ("1 month, then next working day", "10 working days", "1 hour"):
        made = duration(text)
        assert str(Duration(made.count, made.unit, made.rolls)) == text


@pytest.mark.parametrize(
    ("text", "word", "allowed"),
    [
        ("ten working days", "ten", "a whole number"),
        ("0 days", "0", "a whole number"),
        ("-1 days", "-1", "a whole number"),
        ("1000000 days", "1000000", "a whole number"),
        ("1.5 days", "1.5", "a whole number"),
        ("10 wroking days", "wroking", "working days, days, months, hours, working hours, minutes"),
        ("10 working months", "months", "days, hours"),
        ("10 working", "", "days, hours"),
        ("10", "", "working days"),
        ("", "", "a whole number"),
        ("1 month then next working day", "then", ", then next working day"),
        ("1 month, than next working day", "than", "then next working day"),
        ("1 month, then next", "", "working day"),
        ("1 month, then next working day please", "please", "nothing more"),
        ("10 working days, then next working day", ",", "only days and months roll"),
        ("24 hours, then next working day", ",", "only days and months roll"),
        ("10 days 5", "5", ", then next working day"),
        ("10 working days 5", "5", "nothing more"),
    ],
)
def test_a_parse_error_points_at_the_word(text: str, word: str, allowed: str) -> None:
    """It names the wrong word, marks its place, and says what could stand there."""
    with pytest.raises(BadWords) as caught:
        duration(text)
    assert caught.value.word == word
    assert allowed in str(caught.value)
    line, mark = caught.value.pointer.split("\n")
    assert line[mark.index("^") : mark.rindex("^") + 1].strip() == word


def test_receipt_rules_are_read() -> None:
    """Three rules, the first the default; the words are kept."""
    assert receipt_rule("same day") is SAME_DAY
    cutoff, moves = receipt_rule("cutoff 17:00"), receipt_rule("next working day")
    assert (cutoff.moves, cutoff.cutoff, str(cutoff)) == (True, time(17), "cutoff 17:00")
    assert (moves.moves, moves.cutoff, str(moves)) == (True, None, "next working day")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("some day", "some"),
        ("same week", "week"),
        ("same", ""),
        ("cutoff", ""),
        ("cutoff 24:00", "24:00"),
        ("cutoff 5pm", "5pm"),
        ("cutoff 9:30", "9:30"),
        ("cutoff 17:00 sharp", "sharp"),
        ("next day", "day"),
        ("same day, then", ","),
        ("", ""),
    ],
)
def test_a_wrong_receipt_rule_points_at_the_word(text: str, word: str) -> None:
    """Receipt rules are refused as durations are."""
    with pytest.raises(BadWords) as caught:
        receipt_rule(text)
    assert caught.value.word == word


def table(**changes: Any) -> dict[str, Any]:
    """A good table, with changes; None removes a key."""
    good = tomllib.loads(PACKAGED.read_text(encoding="utf-8"))
    return {key: value for key, value in (good | changes).items() if value is not None}


def test_the_packaged_standard_is_good() -> None:
    """One working day to acknowledge, ten to respond, for every receipt since 2020 and before."""
    packaged = standard(table(), "general.toml")
    assert (str(packaged.acknowledge), str(packaged.respond)) == ("1 working day", "10 working days")
    assert (packaged.id, packaged.calendar, packaged.receipt) == ("general", "england", SAME_DAY)
    assert Book([packaged]).choose(Matter(), date(2020, 1, 1)) is packaged


def test_every_mistake_is_reported_at_once() -> None:
    """File, key, value and what is allowed, for each of them, unknown and missing keys included."""
    wrong = table(
        id="General!",
        title=" ",
        version=1,
        valid_from="2023-04-01",
        valid_to=datetime(2024, 1, 1, 12, 0),  # noqa: DTZ001 - as TOML gives it
        calendar="mars",
        receipt="cutoff noon",
        acknowledge="1 wroking day",
        respond=None,
        page="example",
        extra=1,
    )
    with pytest.raises(BadStandard) as caught:
        standard(wrong, "wrong.toml")
    report = str(caught.value)
    assert len(caught.value.mistakes) == 11
    assert all(str(mistake).startswith("wrong.toml: ") for mistake in caught.value.mistakes)
    for part in (
        "extra is not a known key; known are id, title",
        "respond is missing",
        "version = 1 cannot be used; allowed: text in quotes",
        "valid_from = '2023-04-01' cannot be used; allowed: a date without quotes",
        "calendar = 'mars' cannot be used; allowed: england, wales",
        "acknowledge = '1 wroking day': 'wroking' cannot stand here; allowed: working days",
        "1 wroking day\n  ^^^^^^^\n",
        "page = 'example' cannot be used; allowed: an address",
    ):
        assert part in report


@pytest.mark.parametrize("value", [None, 5, ["england"], {"name": "england"}])
def test_a_value_of_another_kind_is_a_mistake(value: Any) -> None:
    """Whatever TOML can hold, it is reported and does not crash."""
    for key in ("id", "version", "valid_from", "calendar", "receipt", "respond", "page"):
        with pytest.raises(BadStandard, match=key):
            standard(table() | {key: value}, "wrong.toml")


def test_a_promise_of_many_years_is_a_mistake() -> None:
    """No calendar reaches so far, and nobody meant it."""
    with pytest.raises(
        BadStandard, match=r"respond = '99999 working days' cannot be used; allowed: two years at most, 500"
    ):
        standard(table(respond="99999 working days"), "wrong.toml")


def test_a_standard_that_ends_before_it_begins_is_a_mistake() -> None:
    """The two days are named."""
    with pytest.raises(BadStandard, match=r"valid_to = 2009-12-31.*2010-01-01"):
        standard(table(valid_to=date(2009, 12, 31)), "wrong.toml")


def test_a_contact_is_read_whatever_an_older_version_wrote() -> None:
    """A standard that no file holds is what the contact remembers; words that nobody can read promise nothing."""
    memory = from_memory("roads", "2", calendar="wales", receipt="cutoff 17:00", respond="7 working days")
    assert (memory.title, memory.calendar, str(memory.receipt)) == ("roads", "wales", "cutoff 17:00")
    assert memory.respond == Duration(7, Unit.WORKING_DAY, rolls=False)
    from_long_ago = from_memory("roads", "", calendar="of long ago", receipt="", respond="soon")
    assert (from_long_ago.calendar, from_long_ago.receipt, from_long_ago.respond) == ("england", SAME_DAY, None)
