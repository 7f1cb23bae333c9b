"""What people wrote, as it may be safe on a terminal: no character of it moves the cursor, or turns words around."""

import json
import os
import shutil
import sys
from typing import Any

import typer


def line(text: str) -> str:
    """Return a text as one line in characters that every terminal displays."""
    return "".join(character if character.isprintable() else "?" for character in " ".join(text.split()))


def paragraphs(text: str) -> str:
    """Return a text of several lines in such characters, with its own spaces."""
    lines = (part.expandtabs() for part in text.splitlines())
    return "\n".join("".join(character if character.isprintable() else "?" for character in part) for part in lines)


def heading(text: str, colour: str) -> str:
    """Return a text in bold letters of a colour, where standard output shows colours and its user wants them."""
    is_plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not sys.stdout.isatty()
    return text if is_plain else typer.style(text, fg=colour, bold=True)


def width() -> int | None:
    """Return how many columns a line may have; None where nobody looks at them, as in a file."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def cell(text: str, columns: int) -> str:
    """Return a text in just so many columns; it is cut on a terminal alone."""
    safe, is_cut = line(text), width() is not None
    if safe.isascii():
        return f"{safe[:columns] if is_cut else safe:{columns}}"
    # Letters of some languages take two columns, or none.
    from rich.cells import cell_len, set_cell_size

    return safe if cell_len(safe) > columns and not is_cut else set_cell_size(safe, columns)


def json_line(facts: dict[str, Any]) -> str:
    """Return one JSON object in one line; on a terminal with what is not ASCII as escapes."""
    return json.dumps(facts, ensure_ascii=sys.stdout.isatty())
