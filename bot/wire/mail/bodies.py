"""Finds the words of a mail in its parts: every text in reading order, and of several forms of one text one.

Nothing that somebody says is left out because another part says something, too: where two forms of a text
(multipart/alternative) differ, as with a plain part that only asks for another program, what one has and the other has
not is kept.
"""

import html
import re
from collections.abc import Iterator, Sequence

from bot.wire import markup
from bot.wire.mail import flowed, headers
from bot.wire.mail.parts import ENCLOSED_MAIL, HTML, MAX_ENCODED, MAX_TEXT, TNEF, Part, leaves

_ENRICHED = frozenset({"text/enriched", "text/richtext"})
_LETTERS = re.compile(r"[\W_]+")
_AFTER_HEAD = re.compile(rb"<body\b[^>]{0,2000}>|</head\s*>|</style\s*>", re.IGNORECASE)
_TEXT_RUN = re.compile(rb">\s*+([^<>\s][^<>]{0,200})")
# How much longer than its plain text a page may be, and still say the same.
_USUAL_RATIO, _USUAL_OCTETS = 8, 10_000
_FIRST_LOOK, _MOST_OF_PAGE, _MOST_COMPARED = 1_000, 8_000, 24
# Letters that are compared at once, and how far apart; of a line at least four in five must be there, of a short one
# all.
_SHINGLE, _STEP, _SHORT_LINE = 6, 3, 40
# As far as two texts are compared: beyond it they are taken to differ no more.
_MOST_LETTERS, _MOST_LINES = 50_000, 1_000
# "This mail is in HTML": it says nothing of its sender's.
_STUB = re.compile(r"\bx?html\b|(?:mail|message)[- ](?:client|reader|viewer|program)|\bMIME\b", re.IGNORECASE)
_LONGEST_STUB = 400
_INTRODUCTION = ("from", "date", "to", "subject")


def words_of(root: Part) -> str:
    """Return the words of a mail that has been taken apart; where it has only files, of those that are text."""
    text = _Reader().text(root)
    if text.strip() or not any(part.is_text and part.attached for part in leaves(root)):
        return text
    return _Reader(files=True).text(root)


def text_of(part: Part, most: int = MAX_TEXT) -> str:
    """Return the text of a part as it was sent, without its encodings."""
    cut = part.cut or len(part.octets) > MAX_ENCODED
    charset = part.parameters.get("charset", "")
    return headers.decode(part.decoded(), charset, cut=cut, markup=part.kind in HTML)[:most]


class _Reader:
    """Reads the parts of one mail: the limits are for all of them together. `files` reads files that are text, too."""

    def __init__(self, *, files: bool = False) -> None:
        self._files = files
        self._tags = markup.MAX_TAGS
        self._room = MAX_TEXT
        self._has_tnef = False

    def text(self, part: Part) -> str:
        if part.kind == "multipart/alternative":
            return self._alternative(part.parts)
        if part.kind in ENCLOSED_MAIL:
            return self._enclosed(part)
        if part.parts:
            return self._joined(part.parts)
        return self._leaf(part)

    def _joined(self, parts: Sequence[Part]) -> str:
        texts, before = list[str](), ""
        for part in parts:
            text = self.text(part)
            if not text.strip():
                continue
            # Some programs send the page of a text beside it, as if it were another.
            # Outlook sends the text in the open, too, or the first lines of it.
            repeats = part.kind in TNEF or (part.kind in HTML and before == "text/plain")
            if not (repeats and not _adds(text, "\n".join(texts))):
                texts.append(text)
            before = part.kind
        return "\n".join(texts)

    def _enclosed(self, part: Part) -> str:
        text = "".join(map(self.text, part.parts))
        subject = next((value for name, value in part.fields if name == "subject"), "")
        if not text.strip() and not subject.strip():
            return ""
        first = {name: value for name, value in reversed(part.fields) if name in _INTRODUCTION}
        lines = [f"{name.title()}: {headers.tidy(first[name])}" for name in _INTRODUCTION if name in first]
        return "\n".join(("---------- Forwarded message ----------", *lines, "", text))

    def _alternative(self, parts: Sequence[Part]) -> str:
        """Return the plain text, unless another form says more; both where each says what the other does not."""
        part, plain = next(self._with_words([part for part in parts if part.kind == "text/plain"]), (None, ""))
        others = [other for other in parts if other is not part]
        if part and (not others or _says_the_same(others[-1], part, plain)):
            return plain
        _, rich = next(self._with_words(others[::-1]), (None, ""))
        return _merged(plain, rich) if part and rich else plain or rich

    def _with_words(self, parts: Sequence[Part]) -> Iterator[tuple[Part, str]]:
        return ((part, text) for part in parts if (text := self.text(part)).strip())

    def _leaf(self, part: Part) -> str:
        if part.kind in TNEF:
            return self._in_tnef(part)[: self._room]
        if not (part.is_words or (self._files and part.is_text)) or self._room <= 0:
            return ""
        text = self._formatted(part)[: self._room]
        self._room -= len(text)
        return text

    def _in_tnef(self, part: Part) -> str:
        from bot.wire.mail import tnef  # noqa: PLC0415 - few mails have it

        # A genuine mail has one; unpacking its text takes long.
        contents = tnef.Contents() if self._has_tnef else tnef.contents_of(part.decoded(len(part.octets)))
        self._has_tnef = True
        return contents.text

    def _formatted(self, part: Part) -> str:
        if part.kind in HTML:
            source = text_of(part, markup.MAX_MARKUP)
            text = markup.to_text(source, self._tags)
            self._tags -= source.count("<")
            return text
        text = text_of(part)
        if part.kind == "text/rtf":
            from bot.wire.mail import rtf  # noqa: PLC0415 - few mails have it

            return rtf.to_text(part.decoded())
        if part.kind in _ENRICHED:
            return _without_commands(text)
        if part.parameters.get("format", "").lower() == "flowed":
            return flowed.joined(text, delete_space=part.parameters.get("delsp", "").lower() == "yes")
        return text


def _merged(plain: str, rich: str) -> str:
    """Return one of two forms of a text; both where each says what the other does not."""
    if not _adds(rich, plain):
        return plain
    is_stub = len(plain) < _LONGEST_STUB and _STUB.search(plain) is not None
    return rich if is_stub or not _adds(plain, rich) else f"{plain}\n{rich}"


# As long as a greeting or a preview, with which the words in the page would begin, too.
_SHORT_TEXT = 300


def _says_the_same(page: Part, plain: Part, text: str) -> bool:
    """Tell at a glance whether a page can be passed over: it begins as the text does, and is no longer than usual."""
    if page.kind not in HTML or len(page.octets) > _USUAL_RATIO * len(plain.octets) + _USUAL_OCTETS:
        return not page.is_text and not page.parts
    run = _first_run(page.decoded(_FIRST_LOOK)) or _first_run(page.decoded(_MOST_OF_PAGE))
    if run is None or len(text) < _SHORT_TEXT:
        return False
    first = html.unescape(headers.decode(run[1], page.parameters.get("charset", ""), cut=True))
    beginning = _letters(first)[:_MOST_COMPARED]
    return len(beginning) > 1 and _letters(text.lstrip()[:120]).startswith(beginning)


def _first_run(source: bytes) -> re.Match[bytes] | None:
    """Return the first text of a page below its head."""
    start = -1
    for match in _AFTER_HEAD.finditer(source):
        start = match.end() - 1
    return _TEXT_RUN.search(source, start) if start >= 0 or b"<head" not in source.lower() else None


def _letters(text: str) -> str:
    return _LETTERS.sub("", text).casefold()


def _adds(text: str, other: str) -> bool:
    """Tell whether a text has a line that the other has not, however both are broken into lines."""
    letters = _letters(other)[:_MOST_LETTERS]
    shingles = {letters[at : at + _SHINGLE] for at in range(len(letters) - _SHINGLE + 1)}
    lines = set(filter(None, map(_letters, text.split("\n")[:_MOST_LINES])))
    return any(not _is_among(line, letters, shingles) for line in lines)


def _is_among(line: str, letters: str, shingles: set[str]) -> bool:
    if line in letters:
        return True
    if len(line) < _SHORT_LINE:
        return False
    pieces = [line[at : at + _SHINGLE] for at in range(0, len(line) - _SHINGLE + 1, _STEP)]
    return sum(piece in shingles for piece in pieces) * 5 >= len(pieces) * 4


# RFC 1896: commands in angle brackets, "<<" for one of those, and n line ends for n - 1.
_COMMAND = re.compile(r"<param>[^<]{0,200}</param>|<(/?[A-Za-z0-9-]{1,60})>", re.IGNORECASE)
_LINE_ENDS = re.compile(r"\n+")


def _without_commands(text: str) -> str:
    bare = _COMMAND.sub(lambda match: "\n" if (match[1] or "").lower() in {"nl", "np"} else "", text.replace("\r", ""))
    return _LINE_ENDS.sub(lambda ends: ends[0][1:] or " ", bare).replace("<<", "<").replace("<lt>", "<")
