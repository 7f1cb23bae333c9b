"""Takes a body apart into its parts, without recursion and in bounded time, however it was put together."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.wire.mail import headers

MAX_BODY = 1_000_000
MAX_TEXT = 100_000
# The most base64 or quoted-printable that MAX_TEXT characters can need.
MAX_ENCODED = 6 * MAX_TEXT
_MAX_DEPTH = 30
_MAX_PARTS = 500
# Lines that begin like a delimiter, in one multipart: each is examined once for each level.
_MAX_DELIMITERS = 2_000
# Mails inside mails: what was forwarded more often is a file.
_MAX_ENCLOSED = 5

# Text that programs read, not people.
_DATA = frozenset({"text/calendar", "text/x-vcalendar", "text/vcard", "text/x-vcard", "text/directory", "text/css"})
_DATA |= {"text/javascript", "text/ecmascript", "text/xml", "text/rfc822-headers"}
HTML = frozenset({"text/html", "application/xhtml+xml", "text/x-amp-html", "text/watch-html"})
ENCLOSED_MAIL = frozenset({"message/rfc822", "message/global"})
SIGNED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
TNEF = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
# What some programs know by the name of its file alone.
_BY_NAME = {".eml": "message/rfc822", ".p7m": "application/pkcs7-mime", "winmail.dat": "application/ms-tnef"}
_NAMED = re.compile(r"(\.eml|\.p7m|winmail\.dat)[\"']?\s*(?:;|$)", re.IGNORECASE)
_NOT_SIGNED = frozenset({"enveloped-data", "authenveloped-data", "certs-only", "compressed-data"})
# A line with two hyphens, and below it a field or nothing: the first one of a body is a delimiter if none is declared.
_DELIMITER = re.compile(rb"(?:^|\n)--([!-~][ -~]{0,69}?)[ \t]*\r?\n(?=\r?\n|[!-9;-~]{1,60}:)")


ContentType = tuple[str, dict[str, str]]


class TooComplex(Exception):
    """More lines that look like delimiters than any genuine mail has."""


@dataclass(slots=True)
class Part:
    """A part of a message, and the parts inside it.

    `cut` says that its octets may end where reading stopped. `disposition` and `content_type` are the raw fields.
    `enclosed` counts the mails inside which it is; `fields` are the header of the mail that a part encloses.
    """

    kind: str
    parameters: dict[str, str]
    encoding: str
    disposition: str
    content_type: str
    octets: bytes
    cut: bool
    enclosed: int = 0
    parts: "list[Part]" = field(default_factory=list)
    fields: headers.Fields = field(default_factory=list)

    @property
    def attached(self) -> bool:
        """Whether it is a file, and not to be read at its place in the mail (RFC 2183 section 2)."""
        disposition = self.disposition.lstrip().lower()
        return disposition.startswith("attachment") or (
            "filename" in disposition and not disposition.startswith("inline")
        )

    @property
    def is_text(self) -> bool:
        """Whether people read it: any text that is no data for programs."""
        return (self.kind.startswith("text/") and self.kind not in _DATA) or self.kind in HTML

    @property
    def is_words(self) -> bool:
        """Whether it is what somebody says, and no file."""
        return self.is_text and not self.attached

    def decoded(self, most: int = MAX_ENCODED) -> bytes:
        """Return its octets without their transfer encoding, of a long part the beginning."""
        return headers.transfer_decoded(self.octets[:most], self.encoding)


def part_of(fields: headers.Fields, octets: bytes, usual: str = "text/plain", *, cut: bool, enclosed: int = 0) -> Part:
    """Return the part with these fields and octets, not yet taken apart."""
    by_name = {name: value for name, value in reversed(fields) if name.startswith("content-")}
    content_type = by_name.get("content-type", "")
    pair = headers.content_type(content_type, usual)
    encoding = headers.encoding_of(by_name.get("content-transfer-encoding", ""))
    disposition = by_name.get("content-disposition", "")
    return Part(kind_of(pair, disposition), pair[1], encoding, disposition, content_type, octets, cut, enclosed)


def kind_of(content_type: ContentType, disposition: str) -> str:
    """Return the type that the fields mean: of a multipart with no name, and of files that have only a name."""
    kind, parameters = content_type
    if kind == "application/octet-stream":
        match = _NAMED.search(f"{parameters.get('name', '')};{disposition[: headers.MAX_VALUE]}")
        return _BY_NAME[match[1].lower()] if match else kind
    return kind if kind.startswith("multipart/") or not parameters.get("boundary") else "multipart/mixed"


def tree(root: Part) -> bool:
    """Take a part apart, and all that is inside; tell whether that was possible to the end.

    A multipart without delimiters becomes text.
    """
    stack, count = [(root, 0)], 1
    while stack:
        part, depth = stack.pop()
        if depth > _MAX_DEPTH or count > _MAX_PARTS:
            return False
        try:
            part.parts = _inside(part)
        except TooComplex:
            return False
        count += len(part.parts)
        stack += [(inner, depth + 1) for inner in reversed(part.parts) if not inner.kind.startswith("text/")]
    return count <= _MAX_PARTS


def leaves(part: Part) -> Iterator[Part]:
    """Yield the parts that hold no parts, in order; an enclosed mail is one."""
    if not part.parts or part.kind in ENCLOSED_MAIL:
        yield part
        return
    for inner in part.parts:
        yield from leaves(inner)


def _inside(part: Part) -> list[Part]:
    if part.kind.startswith("multipart/"):
        return _pieces_of(part)
    if part.kind in ENCLOSED_MAIL:
        return _enclosed_mail(part)
    if part.kind in SIGNED and part.parameters.get("smime-type", "").lower() not in _NOT_SIGNED:
        from bot.wire.mail import signed  # noqa: PLC0415 - its library takes 50 ms to import, and such mail is rare

        content = signed.content_of(headers.transfer_decoded(part.octets, part.encoding))
        if content:
            head, rest = headers.split(content[:MAX_BODY])
            return [part_of(headers.fields(head, rest), rest, cut=len(content) > MAX_BODY, enclosed=part.enclosed)]
    return []


def _enclosed_mail(part: Part) -> list[Part]:
    if part.enclosed >= _MAX_ENCLOSED:
        return []
    # RFC 2046 section 5.2.1 forbids an encoding; some programs use one all the same.
    octets = headers.transfer_decoded(part.octets, part.encoding).lstrip(b"\r\n")
    head, rest = headers.split(octets)
    part.fields = headers.fields(head, rest)
    return [part_of(part.fields, rest, cut=part.cut, enclosed=part.enclosed + 1)] if part.fields else []


def _pieces_of(part: Part) -> list[Part]:
    octets = part.octets
    boundary = part.parameters.get("boundary", "").rstrip().encode("utf-8", "replace")
    pieces = _pieces(octets, boundary) if boundary else []
    if not pieces and part.encoding in {"base64", "quoted-printable"}:
        octets = headers.transfer_decoded(octets, part.encoding)
        pieces = _pieces(octets, boundary) if boundary else []
    if not pieces and (delimiter := _DELIMITER.search(octets)):
        pieces = _pieces(octets, delimiter[1])
    if not pieces:
        part.kind = "text/plain"
        return []
    usual = "message/rfc822" if part.kind == "multipart/digest" else "text/plain"
    # What a report of a mail server returns was not said by its sender (RFC 6522).
    enclosed = _MAX_ENCLOSED if part.kind == "multipart/report" else part.enclosed
    inner = []
    for piece in pieces:
        head, rest = headers.split(piece)
        inner.append(part_of(headers.fields(head, rest), rest, usual, cut=part.cut, enclosed=enclosed))
    return inner


def _pieces(octets: bytes, boundary: bytes) -> list[bytes]:
    """Return the content between the delimiter lines of a multipart (RFC 2046 5.1.1); the last line may be missing."""
    source, delimiter, pieces, start = b"\n" + octets, b"\n--" + boundary, list[bytes](), -1
    at, count = source.find(delimiter), 0
    while at >= 0:
        count += 1
        if count > _MAX_DELIMITERS:
            raise TooComplex
        line_end = source.find(b"\n", at + 1)
        line_end = len(source) if line_end < 0 else line_end
        rest = source[at + len(delimiter) : min(line_end, at + len(delimiter) + 100)].strip()
        if rest in (b"", b"--"):
            if start >= 0:
                pieces.append(source[start:at].removesuffix(b"\r"))
            start = line_end + 1
            if rest or len(pieces) > _MAX_PARTS:
                return pieces
        # The line end of one delimiter may begin the next.
        at = source.find(delimiter, line_end if rest in (b"", b"--") else at + 1)
    return pieces + _unclosed(source, start)


def _unclosed(source: bytes, start: int) -> list[bytes]:
    """Return the content after the last delimiter, where the closing one is missing."""
    return [source[start:]] if 0 <= start < len(source) else []
