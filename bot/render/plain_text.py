"""The text part of a mail: the same lines as the HTML without markup, and links written out in full."""

from collections.abc import Sequence

from markdown_it.token import Token


def plain_text(tokens: Sequence[Token]) -> str:
    """Return the text of a message."""
    writer = _Writer()
    for token in tokens:
        writer.take(token)
    return "\n".join(writer.lines).strip("\n") + "\n"


class _Writer:
    """Writes one element after another."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._numbers: list[int | None] = []
        self._table: _Table | None = None

    def take(self, token: Token) -> None:
        """Write the next element."""
        match token.type:
            case "bullet_list_open":
                self._numbers.append(None)
            case "ordered_list_open":
                self._numbers.append(1)
            case "bullet_list_close" | "ordered_list_close":
                self._numbers.pop()
                self.lines.append("")
            case "hr":
                self.lines += ["-" * 40, ""]
            case "table_open":
                self._table = _Table()
            case "tr_close" if self._table:
                self.lines += self._table.end_row()
            case "table_close":
                self._table = None
                self.lines.append("")
            case "inline":
                self._write(_inline_text(token.children or []))

    def _write(self, text: str) -> None:
        if self._table:
            self._table.add(text)
            return
        self.lines.append(self._marker() + text)
        if not self._numbers:
            self.lines.append("")

    def _marker(self) -> str:
        if not self._numbers:
            return ""
        number = self._numbers[-1]
        if number is None:
            return "* "
        self._numbers[-1] = number + 1
        return f"{number}. "


class _Table:
    """A table as text: each row is a block of lines, so that it can be read aloud, and on any screen."""

    def __init__(self) -> None:
        self._headings: list[str] = []
        self._cells: list[str] = []

    def add(self, cell: str) -> None:
        """Take the next cell."""
        self._cells.append(cell)

    def end_row(self) -> list[str]:
        """Return the lines of the row that ends here; none for the headings."""
        cells, self._cells = self._cells, []
        if not self._headings:
            self._headings = cells
            return []
        named_cells = zip(self._headings[1:], cells[1:], strict=False)
        return [f"* {cells[0]}", *(f"  {heading}: {cell}" for heading, cell in named_cells if cell)]


def _inline_text(children: Sequence[Token]) -> str:
    text, links = "", []
    for child in children:
        if child.type == "link_open":
            links.append((str(child.attrs["href"]), len(text)))
        elif child.type == "link_close":
            target, start = links.pop()
            if text[start:] != target:
                text += f": {target.removeprefix('mailto:').removeprefix('tel:')}"
        else:
            text += child.content
    return text
