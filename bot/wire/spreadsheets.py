"""Tables as files that spreadsheet programs open (RFC 4180): no cell of them is ever taken for a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

# A cell that begins so is run by spreadsheet programs (OWASP: CSV injection), of East Asia in their full width, too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def table(header: Sequence[str], rows: Iterable[Iterable[str]]) -> bytes:
    """Return a table as CSV in UTF-8; the mark at its start lets the programs see that it is that."""
    return text(header, rows).encode("utf-8-sig")


def text(header: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table as CSV; each line ends as the RFC says, also the last."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return buffer.getvalue()


def _cell(value: str) -> str:
    return f"'{value}" if value.startswith(_FORMULA) else value
