"""Pictures of the organisation in the Easy Read wording: one beside each heading that has one, within the mail itself.

A heading is marked in the template, `## [[what-next]] What happens next`, and its picture is the file
`pictures/what-next.png` (or `.jpg`) beside `messages/`. Without that file the mark leaves no trace.
"""

import base64
import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = "pictures"
# A phone shows them 120 pixels wide; a whole receipt stays small enough for a slow line.
MOST_BYTES = 40_000
MARKS = ("message", "read-first", "what-next", "danger", "help", "another-way", "tell-more")
_STARTS = {"png": b"\x89PNG\r\n\x1a\n", "jpg": b"\xff\xd8\xff"}
_SUBTYPES = {"png": "png", "jpg": "jpeg"}
_MARK = re.compile(rf"\[\[({'|'.join(MARKS)})\]\] ?")
_STYLE = "width: 120px; max-width: 30%; height: auto; vertical-align: middle; margin-inline-end: 12px"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture beside the heading of its mark; `ending` is that of its file."""

    mark: str
    ending: str
    content: bytes

    @property
    def content_id(self) -> str:
        """Its name within a mail (RFC 2392)."""
        return f"{self.mark}@pictures"

    def part(self) -> bytes:
        """Return the part of a mail that holds it, with its header."""
        head = (
            f"Content-Type: image/{_SUBTYPES[self.ending]}\r\nContent-Transfer-Encoding: base64\r\n"
            f"Content-ID: <{self.content_id}>\r\nContent-Disposition: inline\r\n\r\n"
        )
        return head.encode("ascii") + base64.encodebytes(self.content).replace(b"\n", b"\r\n")


def read_all(directories: Sequence[Path]) -> dict[str, Picture]:
    """Return the pictures that can be used, by their marks; a file that the first directory lacks is of the next."""
    pictures: dict[str, Picture] = {}
    for path in _paths(directories):
        if path.stem not in pictures and not _fault(path):
            pictures[path.stem] = Picture(path.stem, path.suffix[1:], path.read_bytes())
    return pictures


def faults(directories: Sequence[Path]) -> list[str]:
    """Return why a file of a picture is not used."""
    return [f"{path}: {fault}" for path in _paths(directories) if (fault := _fault(path))]


def without_marks(text: str) -> str:
    """Return the text without the marks."""
    return _MARK.sub("", text) if "[[" in text else text


def with_pictures(page: str, pictures: Mapping[str, Picture]) -> str:
    """Return the page with a picture in place of each mark that has one, and nothing in place of the others.

    The heading says what its picture shows, so a screen reader passes the picture over.
    """
    return _MARK.sub(lambda match: _image(pictures.get(match[1])), page) if "[[" in page else page


def in_page(page: str, pictures: Mapping[str, Picture]) -> tuple[Picture, ...]:
    """Return the pictures that the page shows."""
    return tuple(picture for picture in pictures.values() if f'"cid:{picture.content_id}"' in page)


def _image(picture: Picture | None) -> str:
    if picture is None:
        return ""
    return f'<img src="cid:{html.escape(picture.content_id)}" alt="" style="{_STYLE}">'


def _paths(directories: Sequence[Path]) -> Iterator[Path]:
    for directory in directories:
        if (directory / FOLDER).is_dir():
            yield from sorted(path for path in (directory / FOLDER).iterdir() if not path.name.startswith("."))


def _fault(path: Path) -> str:
    ending = path.suffix[1:]
    if path.stem not in MARKS or ending not in _STARTS:
        return f"no heading has a picture of this name; known: {', '.join(MARKS)}, each as .png or .jpg"
    if path.stat().st_size > MOST_BYTES:
        return f"it has {path.stat().st_size} bytes; at most {MOST_BYTES} are allowed: make the picture smaller"
    with path.open("rb") as file:
        return "" if file.read(8).startswith(_STARTS[ending]) else f"it is no {ending.upper()} picture"
