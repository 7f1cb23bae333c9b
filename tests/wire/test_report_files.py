"""A report as a file: the whole first, each value where its column is, and nothing that a spreadsheet would run."""

import csv
import io
import json

from bot.core.publications import Row, Table, Value
from bot.core.report_columns import COLUMNS, Sort
from bot.wire.report_files import HEADER, Origin, as_csv, as_json

ORIGIN = Origin(
    "2026-07-01",
    "2026-09-30",
    4711,
    "2026-10-14T08:05:00+01:00",
    1,
    {"complaints": "2026-08-03", "avoidable": "2026-08-03", "first_due": ""},
    {"coverage_gaps": {"post": 2, "form": 1}, "suppressions": {}},
)


def row(names: dict[str, str], at_least: tuple[str, ...] = (), **values: Value) -> Row:
    """A line of these values, everything else 0."""
    usual: dict[str, Value] = {column.name: 0 if column.sort is Sort.COUNT else "" for column in COLUMNS}
    return Row(names, usual | values, at_least)


TABLE = Table(
    ("service", "standard"),
    (
        row({}, ("p90_resp_wd",), received=12, resp_pct=91.7, missed_by_cause="volume=6; absence=5"),
        row({"service": "=waste", "standard": "email 2023 a"}, received="<5"),
        row({"service": "", "standard": ""}, missed_by_cause="volume=<5; absence="),
    ),
)


def test_the_columns_are_those_of_the_data_dictionary_in_their_order() -> None:
    """The period and the names come first, then the figures, then by what they were counted."""
    expected = "period_start,period_end,area,service,channel,kind,standard_id,standard_version,received,ack_due,"
    expected += "ack_in_standard,ack_pct,resp_due,resp_in_standard,resp_pct,median_ack_wd,median_resp_wd,p90_resp_wd,"
    expected += "open_end,overdue_end,suppressed_by_reason,undeliverable,"
    assert ",".join(HEADER).startswith(expected)
    assert ",".join(HEADER).endswith(",team,definition_version,cut_off,note")


def test_csv_is_as_the_rfc_says() -> None:
    """Each line ends with CR LF; the whole is the first and has no names; a name is never taken for a formula."""
    text = as_csv(TABLE, ORIGIN)
    assert text.endswith("\r\n")
    assert text.count("\r\n") == 4
    whole, waste, nothing = csv.DictReader(io.StringIO(text, newline=""))
    assert (whole["service"], whole["received"], whole["resp_pct"], whole["cut_off"]) == ("", "12", "91.7", "4711")
    assert (waste["service"], waste["standard_id"], waste["standard_version"]) == ("'=waste", "email", "2023 a")
    assert (waste["received"], waste["area"]) == ("<5", "")
    assert (nothing["service"], nothing["standard_id"], nothing["standard_version"]) == ("none", "none", "")


def test_json_is_one_object_a_line_with_the_same_keys() -> None:
    """Numbers are numbers."""
    whole, waste, _ = map(json.loads, as_json(TABLE, ORIGIN).splitlines())
    assert tuple(whole) == tuple(waste) == HEADER
    assert (whole["received"], whole["resp_pct"], waste["received"]) == (12, 91.7, "<5")


def test_a_note_says_what_the_numbers_do_not() -> None:
    """What is hidden, what can only become longer, and for the whole what was known and since when it is recorded."""
    whole, waste, nothing = map(json.loads, as_json(TABLE, ORIGIN).splitlines())
    known = "known at 2026-10-14T08:05:00+01:00; recorded since 2026-08-03: avoidable, complaints; "
    known += "not recorded by then: first_due; coverage_gaps: form=1, post=2"
    assert [line["note"] for line in (whole, waste, nothing)] == [f"at least: p90_resp_wd; {known}", "c", "c"]
