"""What a screen reader says of a tagged PDF: its text in the order of its structure, charts left out.

The headings of a table stand again on each page on which it goes on; they are said once here.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from pypdf import PageObject, PdfReader

Marks = dict[tuple[int, int], str]


def spoken(file: PdfReader) -> Iterator[str]:
    """Yield the text of one mark of the structure after the other."""
    marks = {
        (page.indirect_reference.idnum, mark): text
        for page in file.pages
        if page.indirect_reference is not None
        for mark, text in _text_by_mark(page).items()
    }
    root: Any = file.trailer["/Root"]
    headings = ""
    for is_heading, text in _below(root.get_object()["/StructTreeRoot"].get_object(), None, marks):
        if not is_heading or text != headings:
            yield text
        headings = text if is_heading else headings


def _text_by_mark(page: PageObject) -> dict[int, str]:
    texts: dict[int, str] = defaultdict(str)
    open_marks: list[int | None] = []

    def follow(operator: bytes, operands: Any, *_: Any) -> None:
        if operator in (b"BDC", b"BMC"):
            properties = operands[1] if len(operands) > 1 else {}
            open_marks.append(properties.get("/MCID") if isinstance(properties, dict) else None)
        elif operator == b"EMC":
            open_marks.pop()

    def keep(text: str, *_: Any) -> None:
        mark = next((mark for mark in reversed(open_marks) if mark is not None), None)
        if mark is not None:
            texts[mark] += text

    page.extract_text(visitor_operand_before=follow, visitor_text=keep)
    return texts


def _below(node: Any, page: int | None, marks: Marks) -> Iterator[tuple[bool, str]]:
    """Yield what stands below an element, headings of a table as a whole; `page` is the object of its page."""
    node = node.get_object()
    if isinstance(node, int):
        yield False, marks.get((page or 0, node), "")
        return
    if node.get("/S") == "/Figure":
        return
    page = node.raw_get("/Pg").idnum if "/Pg" in node else page
    if "/MCID" in node:
        yield False, marks.get((page or 0, node["/MCID"]), "")
        return
    children = node.get("/K", [])
    parts = [part for child in _several(children) for part in _below(child, page, marks)]
    if node.get("/S") == "/THead":
        yield True, " ".join(word for _, text in parts for word in text.split())
    else:
        yield from parts


def _several(children: Any) -> list[Any]:
    return children if isinstance(children, list) else [children]
