"""What somebody may have meant by a name that does not exist."""

from collections.abc import Iterable
from difflib import get_close_matches


def suggestion(name: str | None, choices: Iterable[str]) -> str:
    """Return the nearest of the choices as the end of a sentence on the name; "" where none is near."""
    near = get_close_matches(name or "", list(choices), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
