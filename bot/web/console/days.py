"""Days as browsers send them, and as people type them."""

from datetime import date, datetime

_FORMS = ("%Y-%m-%d", "%d/%m/%Y", "%d %B %Y")


def read(text: str) -> date | None:
    """The day that stands there; None for anything else."""
    for form in _FORMS:
        try:
            return datetime.strptime(text.strip(), form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None
