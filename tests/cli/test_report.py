"""`ackbot report`: the figures of a period from the terminal, as a table and as files, and what it refuses."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.core.messages import Inbound
from bot.core.report_columns import COLUMNS
from bot.wire.report_files import HEADER
from tests.cli.test_receipts import Run, lines, logged, run
from tests.flows.conftest import mail

Make = Callable[..., Inbound]
Log = Callable[[Inbound], str]
__all__ = ["logged", "mail", "run"]
NOVEMBER = ("report", "--from", "2026-11-01", "--to", "2026-11-30")


def test_a_table_says_what_it_counts_and_up_to_when(run: Run, logged: Log, mail: Make) -> None:
    """Every figure in a line of its own, within a hundred columns, with what each counts below."""
    for number in range(6):
        logged(mail(number))
    table = run(*NOVEMBER)
    assert table.exit_code == 0, table.output
    assert max(map(len, table.stdout.splitlines())) <= 100
    assert table.stdout.startswith("1 November 2026 to 30 November 2026\nAs known at 2026-11-23T09:15:00+00:00, event ")
    assert all(f"\n{column.title} " in table.stdout for column in COLUMNS)
    assert "Contacts received: Contacts by the day" in table.stdout


def test_a_table_by_channel_has_a_line_for_each(run: Run, logged: Log, mail: Make) -> None:
    """The whole first; small numbers are not shown, and the heads are explained."""
    logged(mail(1))
    table = run(*NOVEMBER, "--by", "channel, kind")
    assert table.exit_code == 0, table.output
    head, whole, cell, *_ = table.stdout.partition("\n\n")[2].splitlines()
    assert head.split()[:3] == ["channel", "kind", "received"]
    assert whole.split()[:2] == ["everything", "<5"]
    assert cell.split()[:3] == ["inbox", "none", "<5"]
    assert max(map(len, table.stdout.splitlines())) <= 100


def test_files_have_the_columns_and_their_cut_off(run: Run, logged: Log, mail: Make) -> None:
    """The same values in both, and the same bytes again at the number that they name."""
    for number in range(6):
        logged(mail(number))
    whole, cell = csv.DictReader(io.StringIO(run(*NOVEMBER, "--by", "channel", "--format", "csv").stdout, newline=""))
    (as_json, _) = lines(run(*NOVEMBER, "--by", "channel", "--format", "json"))
    assert tuple(whole) == tuple(as_json) == HEADER
    assert {name: str(value) for name, value in as_json.items()} == whole
    assert (whole["received"], whole["channel"], cell["channel"]) == ("6", "", "inbox")
    first = run(*NOVEMBER, "--at", whole["cut_off"], "--format", "json")
    for number in range(6, 12):
        logged(mail(number))
    assert run(*NOVEMBER, "--at", whole["cut_off"], "--format", "json").stdout == first.stdout
    assert json.loads(run(*NOVEMBER, "--format", "json").stdout)["received"] == 12


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--from", "2026-11-30", "--to", "2026-11-01"), "--from: The first day, 2026-11-30, is after the last"),
        (("--from", "2031-01-01", "--to", "2031-03-31"), "--from: The period begins after 2026-11-23T09:15:00+00:00"),
        (("--from", "yesterday", "--to", "2026-11-30"), "--from: 'yesterday' is not a day; write it as 2026-07-01"),
        (("--from", "2026-11-01", "--to", "30/11/2026"), "--to: '30/11/2026' is not a day"),
        ((*NOVEMBER[1:], "--by", "servce"), "--by: Nothing can be cut by servce (did you mean service?); known are"),
        ((*NOVEMBER[1:], "--by", "colour"), "--by: Nothing can be cut by colour; known are area, service, channel"),
        ((*NOVEMBER[1:], "--at", "99999"), "--at: There is no event 99999; the newest is "),
        ((*NOVEMBER[1:], "--at", "2026-11-01"), "--at: '2026-11-01' does not say how far from UTC it is"),
        ((*NOVEMBER[1:], "--at", "2020-11-01T10:00+00:00"), "--at: Nothing was recorded by then"),
    ],
)
def test_what_cannot_be_counted_is_refused_with_the_option(
    run: Run, logged: Log, mail: Make, options: tuple[str, ...], words: str
) -> None:
    """Status 2, in words that say what to change; nothing is printed."""
    logged(mail(1))
    refusal = run("report", *options)
    assert (refusal.exit_code, refusal.stdout) == (2, "")
    assert refusal.stderr.startswith(words)


def test_an_older_store_is_upgraded_first(run: Run, tmp_path: Path) -> None:
    """And one that is not there yet is made by the service."""
    (tmp_path / "ackbot.db").unlink()
    refusal = run(*NOVEMBER)
    assert (refusal.exit_code, "there is no store yet" in refusal.stderr) == (2, True)
