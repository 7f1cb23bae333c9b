"""Composes the mail that carries what staff typed: plain words, the same as a page, and files.

Nothing of the words is markup: a line is a line, an empty one ends a paragraph, and an address becomes a link.
"""

import base64
import hashlib
import html
import re
from collections.abc import Iterator, Sequence
from string import Template
from urllib.parse import quote

from bot.core.files import File
from bot.render.mail_bytes import PART, QUOTED, Envelope, encoded_line, headers_of
from bot.render.markdown import STYLES, styles

_LINK = re.compile(r"\b(?:https?://[^\s<>\"]+|mailto:[^\s<>\"@]+@[^\s<>\"]+|tel:\+?[0-9()-]+)", re.IGNORECASE)
_END_OF_SENTENCE = ".,;:!?)]}'\u2019\u201d"
# Without controls, line and paragraph separators and halves of characters, which no mail can carry.
_NOT_IN_WORDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9 ._()-]{1,60}")
_TITLE = "Answer"


def mail(
    words: str,
    subject: str,
    envelope: Envelope,
    layout: str,
    files: Sequence[File] = (),
    *,
    large_print: bool = False,
) -> bytes:
    """Return the mail, ready to send."""
    words = cleaned(words)
    document = Template(layout).substitute(
        language="en",
        direction="ltr",
        title=html.escape(subject or _TITLE),
        content=page(words, large_print=large_print),
    )
    # Quoted-printable and base64 never have "=_", so no content can contain it.
    mark = hashlib.sha256(f"{envelope.message_id}{words}".encode()).hexdigest()[:32]
    inner, outer = f"=_{mark}", f"=_{mark}.files"
    body = b"".join(_alternatives(words, document, inner))
    kind = f'Content-Type: multipart/alternative;\r\n boundary="{inner}"\r\n\r\n'
    head = f"{headers_of(subject, envelope)}MIME-Version: 1.0\r\n"
    if not files:
        return f"{head}{kind}".encode() + body
    mixed = f'{head}Content-Type: multipart/mixed;\r\n boundary="{outer}"\r\n\r\n--{outer}\r\n{kind}'
    parts = [mixed.encode(), body]
    for file in files:
        parts += [
            f"\r\n--{outer}\r\n{_file_header(file)}".encode(),
            base64.encodebytes(file.content).replace(b"\n", b"\r\n"),
        ]
    return b"".join([*parts, f"\r\n--{outer}--\r\n".encode()])


def cleaned(words: str) -> str:
    """Return the words without what no mail can carry."""
    return _NOT_IN_WORDS.sub("", words)


def page(words: str, *, large_print: bool = False) -> str:
    """Return the words as a piece of HTML."""
    style = styles("ltr", large_print=large_print)["p"]
    paragraphs = [paragraph for paragraph in re.split(r"\n\s*\n", words.strip("\n")) if paragraph.strip()]
    return "".join(f'<p style="{style}">\n{_lines(paragraph)}</p>\n' for paragraph in paragraphs)


def _lines(paragraph: str) -> str:
    return "<br>\n".join("".join(_with_links(line)) for line in paragraph.split("\n"))


def _with_links(line: str) -> Iterator[str]:
    """Yield the line escaped, with its addresses as links."""
    end = 0
    for match in _LINK.finditer(line):
        target = match[0].rstrip(_END_OF_SENTENCE)
        yield html.escape(line[end : match.start()])
        yield f'<a href="{html.escape(target)}" style="{STYLES["a"]}">{html.escape(target)}</a>'
        end = match.start() + len(target)
    yield html.escape(line[end:])


def _alternatives(words: str, document: str, boundary: str) -> Iterator[bytes]:
    for kind, text in (("plain", words), ("html", document)):
        yield f"\r\n--{boundary}\r\n{PART.format(kind, QUOTED)}".encode()
        yield from (encoded_line(line) for line in text.split("\n"))
    yield f"\r\n--{boundary}--\r\n".encode()


def _file_header(file: File) -> str:
    """Return the header of a file; a name that is not plain as RFC 2231 section 4 has it."""
    is_plain = _PLAIN_NAME.fullmatch(file.name) is not None
    name = f'filename="{file.name}"' if is_plain else f"filename*=utf-8''{quote(file.name, safe='')}"
    return (
        f"Content-Type: {file.kind}\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: attachment;\r\n {name}\r\n\r\n"
    )
