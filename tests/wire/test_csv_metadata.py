"""CSV on the Web: what describes a published CSV, as other programs read it."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import csvw

from bot.core.disclosure import protect
from bot.core.measures import Figures, Quantile
from bot.core.report_columns import COLUMNS
from bot.wire.csv_metadata import LICENCE, describe
from bot.wire.report_files import HEADER, Origin, as_csv

ORIGIN = Origin("2026-07-01", "2026-09-30", 4711, "2026-10-02T09:00:00+01:00", 1, {"avoidable": "2026-08-15"})
WASTE = Figures(arrivals=40, acknowledge_due=40, acknowledge_in_time=35, respond_median=Quantile(3.5))
PARKS = Figures(arrivals=3, acknowledge_due=3, acknowledge_in_time=3)
BINS = Figures(arrivals=9, acknowledge_due=9, acknowledge_in_time=9, not_owed={"robot": 12})
WHOLE = Figures(
    arrivals=52, acknowledge_due=52, acknowledge_in_time=47, respond_median=Quantile(3.0), not_owed={"robot": 12}
)


def _read(folder: Path) -> csvw.Table:
    """Write a CSV of ours and what describes it, and read both as the package does."""
    lines = [({}, WHOLE), ({"service": "bins"}, BINS), ({"service": "parks"}, PARKS), ({"service": "waste"}, WASTE)]
    text = as_csv(protect(lines, ("service",)), ORIGIN)
    (folder / "performance.csv").write_text(text, encoding="utf-8", newline="")
    beside = folder / "performance.csv-metadata.json"
    beside.write_text(describe("performance.csv", ORIGIN, "Exampleshire"), encoding="utf-8")
    return csvw.Table.from_file(beside)


def test_another_program_reads_the_numbers_of_the_file_by_it(tmp_path: Path) -> None:
    """Days are dates, counts are numbers, and what is not shown is no value at all."""
    whole, bins, parks, waste = _read(tmp_path)
    assert (whole["period_start"].date(), whole["received"], whole["median_resp_wd"]) == (date(2026, 7, 1), 52, 3)
    assert (parks["received"], parks["ack_pct"], bins["received"]) == (None, None, None)
    assert (waste["ack_pct"], waste["median_resp_wd"]) == (Decimal("87.5"), Decimal("3.5"))


def test_the_file_is_valid_by_what_describes_it(tmp_path: Path) -> None:
    """The package for CSV on the Web has nothing to say against the metadata, the header or a cell."""
    _read(tmp_path)
    described = csvw.CSVW(str(tmp_path / "performance.csv-metadata.json"), validate=True)
    assert described.is_valid, described.warnings


def test_every_column_is_described_and_named(tmp_path: Path) -> None:
    """Each column has its name, a title, a kind of value and what it counts; the whole has a title and its licence."""
    table = _read(tmp_path)
    assert [column.name for column in table.tableSchema.columns] == list(HEADER)
    assert all(column.common_props["dc:description"] for column in table.tableSchema.columns)
    assert table.common_props["dc:license"] == {"@id": LICENCE}
    assert table.common_props["dc:title"] == "How Exampleshire answers, 2026-07-01 to 2026-09-30"


def test_a_column_says_since_when_it_is_recorded(tmp_path: Path) -> None:
    """What an older program did not record says so where it is described."""
    columns = {column.name: column for column in _read(tmp_path).tableSchema.columns}
    assert "recorded this since 2026-08-15" in columns["avoidable"].common_props["dc:description"]
    assert len(columns) == len(COLUMNS) + 12
