"""Tables as files that spreadsheet programs open (RFC 4180): no cell of them is ever taken for a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

# A cell that begins so is run by spreadsheet programs (OWASP: CSV injection), of East Asia in their full width, too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def table(header: Sequence[str], rows: Iterable[Iterable[str]]) -> bytes:
    """Return a table as CSV in UTF-8; the mark at its start lets the programs see that it is that."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
