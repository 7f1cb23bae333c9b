"""`ackbot deadline`: one answer with its reasoning, tables checked, and misuse told from a negative answer."""

import csv
import io
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from bot.cli.deadline import deadline

VECTORS = Path(__file__).parents[1] / "vectors" / "deadlines.csv"
HEADER = "name,rule,calendar,closures,receipt,received,pauses,due,why"
GOOD = "ack,1 working day,england,,same day,2026-11-23T09:15:00+00:00,,2026-11-24T23:59:59+00:00,plain"


def run(*arguments: str, given: str | bytes = "") -> Result:
    """The command on its own."""
    app = typer.Typer()
    app.command()(deadline)
    return CliRunner().invoke(app, arguments, input=given)


def run_rule(*more: str, rule: str = "10 working days", received: str = "2026-12-18T10:00+00:00") -> Result:
    """The command for a single promise."""
    return run("--rule", rule, "--received", received, *more)


def test_the_due_instant_in_words_and_as_a_date() -> None:
    """First the answer, then the instant with its offset, then what moved it."""
    result = run_rule()
    assert result.exit_code == 0
    words, instant, empty, *reasons = result.stdout.splitlines()
    assert words == "Due by the end of Wednesday 6 January 2027 (23:59:59)."
    assert (instant, empty) == ("2027-01-06T23:59:59+00:00", "")
    assert "Friday 25 December 2026 does not count: Christmas Day." in reasons
    assert not any(line.startswith("Day 1:") for line in reasons)


def test_explain_shows_every_day() -> None:
    """Each day from receipt to due has its line."""
    assert "Day 10: Wednesday 6 January 2027." in run_rule("--explain").stdout.splitlines()
    assert "Saturday 19 December 2026 does not count: weekend." in run_rule("--explain").stdout.splitlines()


def test_json_is_one_object() -> None:
    """On one line, with everything that was asked and the reasoning."""
    result = run_rule("--json", "--receipt", "cutoff 09:00", "--closures", "2026-12-29..2026-12-30,2026-12-31")
    assert result.stdout.count("\n") == 1
    facts = json.loads(result.stdout)
    assert facts["due"] == "2027-01-12T23:59:59+00:00"
    assert facts["closures"] == ["2026-12-29..2026-12-30", "2026-12-31..2026-12-31"]
    assert facts["receipt"] == "cutoff 09:00"
    assert facts["reasoning"][-1] == "Due by the end of Tuesday 12 January 2027 (23:59:59)."


def test_closures_and_pauses_may_be_repeated() -> None:
    """As several options or as one with commas."""
    apart = run_rule(
        "--closures", "2026-12-29", "--closures", "2026-12-30", "--pauses", "2026-12-21..2026-12-22 inclusive"
    )
    together = run_rule("--closures", "2026-12-29,2026-12-30", "--pauses", "2026-12-21..2026-12-22 inclusive")
    assert apart.stdout == together.stdout
    assert "2027-01-12T23:59:59+00:00" in apart.stdout


def test_statute_says_that_it_ignores_closures() -> None:
    """Nobody is left to think that the closure was forgotten."""
    result = run_rule("--calendar", "uk-any", "--closures", "2026-12-29..2026-12-31")
    assert "which does not heed closures" in result.stdout
    assert result.stdout.splitlines()[:2] == run_rule("--calendar", "uk-any").stdout.splitlines()[:2]


def test_another_zone() -> None:
    """The due day ends at that zone's midnight."""
    assert "2027-01-06T23:59:59+09:00" in run_rule("--zone", "Asia/Tokyo").stdout


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"rule": "10 wroking days"}, "--rule: 'wroking' cannot stand here; allowed: working days, days"),
        ({"rule": "10 wroking days"}, "10 wroking days\n   ^^^^^^^"),
        ({"received": "yesterday"}, "--received: 'yesterday' is not an instant; write it as 2026"),
        ({"received": "2026-12-18T10:00"}, "--received: '2026-12-18T10:00' does not say how far from UTC"),
        ({"received": "2026-12-18"}, "add the offset"),
        ({"received": "2041-12-18T10:00Z"}, "2041-12-18 is outside the calendar, which holds 2010-01-01 to 2040"),
        ({"received": "0001-01-01T00:00+14:00"}, "of no year that can be reckoned with"),
        ({"calendar": "mars"}, "--calendar: 'mars' is not a calendar; allowed: england, wales"),
        ({"receipt": "noon"}, "--receipt: 'noon' cannot stand here; allowed: same day"),
        ({"closures": "Christmas"}, "--closures: 'Christmas' is not a range of days"),
        ({"pauses": "2026-12-21..2026-12-22"}, "--pauses: something is missing at the end; allowed: inclusive"),
        ({"zone": "Mars"}, "--zone: 'Mars' is not an IANA time zone"),
        ({"rule": ""}, "Give both --rule and --received"),
        ({"received": ""}, "Give both --rule and --received"),
    ],
)
def test_misuse_says_what_to_do(changes: dict[str, str], part: str) -> None:
    """Status 2, nothing on standard output, and the option, the value and what is allowed on standard error."""
    given = {"rule": "10 working days", "received": "2026-12-18T10:00+00:00"} | changes
    result = run(*(text for name, value in given.items() for text in (f"--{name}", value)))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert part in result.stderr


def test_the_vectors_come_out() -> None:
    """Every row, from a file and from standard input, with what was computed beside it."""
    result = run("--csv", str(VECTORS))
    assert (result.exit_code, result.stderr) == (0, "")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert len(rows) == 65
    assert all(row["computed"] == row["due"] for row in rows)
    assert run("--csv", "-", given=VECTORS.read_bytes()).stdout == result.stdout
    assert run("--csv", "-", given=b"\xef\xbb\xbf" + VECTORS.read_bytes()).stdout == result.stdout


def test_what_was_computed_can_be_fed_back() -> None:
    """The written table is a table again; its old column `computed` is replaced."""
    written = run("--csv", str(VECTORS)).stdout
    assert run("--csv", "-", given=written).stdout == written


def test_a_row_that_differs_is_a_negative_answer() -> None:
    """Status 1, the row named, and every row still written."""
    wrong = GOOD.replace("2026-11-24T", "2026-11-25T")
    result = run("--csv", "-", given=f"{HEADER}\n{GOOD}\n{wrong}\n")
    assert result.exit_code == 1
    assert result.stderr == "-: row 2: ack: due is 2026-11-25T23:59:59+00:00, computed 2026-11-24T23:59:59+00:00\n"
    assert len(result.stdout.splitlines()) == 3


def test_the_same_instant_in_another_offset_does_not_differ() -> None:
    """What counts is the instant; a row without `due` has nothing to differ from."""
    other = GOOD.replace("2026-11-24T23:59:59+00:00", "2026-11-25T00:59:59+01:00")
    empty = GOOD.replace("2026-11-24T23:59:59+00:00", "")
    assert run("--csv", "-", given=f"{HEADER}\n{other}\n{empty}\n").exit_code == 0
    assert run("--csv", "-", given="rule,received\n1 working day,2026-11-23T09:15Z\n").stdout.splitlines() == [
        "rule,received,computed",
        "1 working day,2026-11-23T09:15Z,2026-11-24T23:59:59+00:00",
    ]


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("1 working day", "1 wroking day", "row 2 (line 3), column rule: 'wroking' cannot stand here"),
        ("1 working day", "", "row 2 (line 3), column rule: something is missing"),
        ("england", "mars", "column calendar: 'mars' is not a calendar"),
        ("same day", "noon", "column receipt: 'noon' cannot stand here"),
        ("2026-11-23T09:15:00+00:00", "2026-11-23T09:15:00", "column received: '2026-11-23T09:15:00' does not say"),
        ("2026-11-24T23:59:59+00:00", "soon", "column due: 'soon' is not an instant"),
        ("plain", "plain,more,cells", "column why: 2 more cells stand after it"),
    ],
)
def test_a_bad_row_is_named_and_its_neighbours_are_computed(old: str, new: str, part: str) -> None:
    """Status 2, row, line and column on standard error; the other rows have their answer."""
    result = run("--csv", "-", given=f"{HEADER}\n{GOOD}\n{GOOD.replace(old, new)}\n{GOOD}\n")
    assert result.exit_code == 2
    assert part in result.stderr
    computed = [row["computed"] for row in csv.DictReader(io.StringIO(result.stdout))]
    assert len(computed) == 3
    assert computed[0] == computed[2] == "2026-11-24T23:59:59+00:00"


@pytest.mark.parametrize(
    ("given", "part"),
    [
        (b"", "the first line names no column rule and no column received"),
        (b"name,rule\nack,1 working day\n", "the first line names no column received"),
        (b"rule,rule,received\n", "names a column twice: rule"),
        (b"rule,received\n\xff\xfe,x\n", "is not text in UTF-8"),
        (b'rule,received\n"1 working day,2026-11-23T09:15Z\n', "unexpected end of data"),
    ],
)
def test_a_file_that_is_no_table_is_misuse(given: bytes, part: str) -> None:
    """Status 2 and the reason."""
    result = run("--csv", "-", given=given)
    assert result.exit_code == 2
    assert part in result.stderr


def test_a_missing_file_and_mixed_options_are_misuse() -> None:
    """Status 2; the file is named."""
    missing = run("--csv", "/nowhere.csv")
    assert (missing.exit_code, missing.stderr) == (2, "/nowhere.csv: No such file or directory\n")
    assert run("--csv", str(VECTORS), "--rule", "1 day").exit_code == 2
