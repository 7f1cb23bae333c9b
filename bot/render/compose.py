"""The finished mail: RFC 5322 bytes with a text and an HTML part, from one template.

The standard library takes about a millisecond to build a mail. Here each template is written once, with slots
where values go; lines without a slot are encoded once, and only the others for every mail.
"""

import hashlib
import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.quoprimime import body_encode
from email.utils import format_datetime
from pathlib import Path
from string import Template

from bot.render.environment import BadTemplate, Templates, Written
from bot.render.fields import address_field, message_id_field, text_field
from bot.render.samples import LONGEST, OPTIONAL, SAMPLES
from bot.render.slots import StandIn, clean, escaped, fill, has_slot, slot

LAYOUT = Path("partials", "mail.html")
# RFC 3834 and domain practice: no delivery, read or out-of-office reports; non-delivery reports we want.
SUPPRESS = "DR, RN, NRN, OOF, AutoReply"
# RFC 3834 section 2: no large answers to people who did not ask for them.
MOST_BYTES = 20_480
# RFC 2045 section 6.7: a line of quoted-printable has at most 76 characters.
_LINE = 76
_PART = 'Content-Type: text/{}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
_LINK = re.compile(r'<a href="([^"]*)"')
_GOOD_LINK = re.compile("(?:https?://[^\ue000/?#]+(?:[/?#]|$)|mailto:|tel:)")


@dataclass(frozen=True, slots=True)
class Envelope:
    """The header values of one mail. Message-IDs have their angle brackets; `date` is aware; empty fields are left out.

    `auto_submitted` is a keyword of RFC 3834 section 5; `loop` is our own token, found again when mail comes back.
    """

    sender: str
    recipient: str
    message_id: str
    date: datetime
    auto_submitted: str
    reply_to: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    loop: str = ""


@dataclass(frozen=True, slots=True)
class _Skeleton:
    """A message that waits for its values: encoded lines, and lines with slots between them.

    Slot i awaits the value called `awaited[i]`; an empty name awaits nothing.
    """

    subject: str
    boundary: str
    text: tuple[bytes | str, ...]
    html: tuple[bytes | str, ...]
    awaited: tuple[str, ...]


class Composer:
    """Writes the mail of one organisation. `constants` are values that every template may use.

    `directories` hold `messages/` and `partials/`; what the first one lacks is taken from the next.
    """

    def __init__(self, directories: Sequence[Path], constants: Mapping[str, str]) -> None:
        self._templates = Templates(directories)
        self._constants = dict(constants)
        self._layout = _layout(directories)
        self._skeletons: dict[tuple[str, ...], _Skeleton | None] = {}

    def compose(self, name: str, values: Mapping[str, object], envelope: Envelope, *, language: str = "en") -> bytes:
        """One mail, ready to leave. Raises BadTemplate for an unknown placeholder or a fault in the template."""
        skeleton, cleaned = self._filled(name, language, {**OPTIONAL.get(name, {}), **values})
        headers = _headers(fill(skeleton.subject, cleaned), envelope)
        return _mail(headers, skeleton, cleaned)

    def text(self, name: str, values: Mapping[str, object], *, language: str = "en") -> str:
        """One short plain text. Raises BadTemplate for an unknown placeholder or a fault in the template."""
        return self.words(name, values, language=language)[1]

    def words(self, name: str, values: Mapping[str, object], *, language: str = "en") -> tuple[str, str]:
        """Subject and plain text. Raises BadTemplate for an unknown placeholder or a fault in the template."""
        written = self._templates.write(name, language, {**OPTIONAL.get(name, {}), **values, **self._constants})
        cleaned = [clean(str(value)) for value in written.values]
        return fill(written.subject, cleaned).strip(), fill(written.text, cleaned).strip()

    def check(self) -> list[str]:
        """Every template written on sample values: what is wrong with it, in plain words."""
        return [fault for name, language in self._templates.names() for fault in self.faults(name, language)]

    def names(self) -> list[tuple[str, str]]:
        """Every template as (name, language)."""
        return self._templates.names()

    def sample(self, name: str, language: str) -> tuple[str, str]:
        """Subject and text of a template without faults, on sample values."""
        return self.words(name, SAMPLES[name], language=language)

    def faults(self, name: str, language: str) -> list[str]:
        """What is wrong with one template, in plain words."""
        if name not in SAMPLES:
            return [f"messages/{language}/{name}.md: nothing uses a template of this name; known: {', '.join(SAMPLES)}"]
        known = {*SAMPLES[name], *self._constants}
        try:
            return self._templates.unknown(name, language, known) or self._faults_as_mail(name, language)
        except BadTemplate as error:
            return [str(error)]

    def _faults_as_mail(self, name: str, language: str) -> list[str]:
        moment = datetime(2026, 12, 18, 10, tzinfo=UTC)
        envelope = Envelope("Us <us@example.org>", "you@example.org", "<1@example.org>", moment, "auto-replied")
        for sample in (SAMPLES[name], SAMPLES[name] | OPTIONAL.get(name, {})):
            if name in LONGEST and (length := len(self.text(name, sample, language=language))) > LONGEST[name]:
                return [f"messages/{language}/{name}.md: {length} characters; at most {LONGEST[name]} are allowed"]
            size = len(self.compose(name, sample, envelope, language=language))
            if size > MOST_BYTES:
                return [f"messages/{language}/{name}.md: {size} bytes as a mail; at most {MOST_BYTES} are allowed"]
        return []

    def _filled(self, name: str, language: str, values: Mapping[str, object]) -> tuple[_Skeleton, list[str]]:
        # A condition may ask whether a value is there, so that is part of the message's shape.
        shape = (name, language, *[key if value else f"{key}={value}" for key, value in values.items()])
        if shape not in self._skeletons:
            self._skeletons[shape] = self._kept(name, language, values)
        skeleton = self._skeletons[shape]
        if skeleton is None:
            written = self._templates.write(name, language, {**values, **self._constants})
            return self._skeleton(written, language), []
        return skeleton, [clean(str(values[key])) if key else "" for key in skeleton.awaited]

    def _kept(self, name: str, language: str, values: Mapping[str, object]) -> _Skeleton | None:
        """A skeleton for values of this shape; None if the template does more than show them."""
        stand_ins = {key: StandIn(key) if value else value for key, value in values.items()}
        try:
            written = self._templates.write(name, language, {**stand_ins, **self._constants})
        except BadTemplate:
            # Written with the values themselves, it shows whether the template was at fault.
            return None
        return self._skeleton(written, language)

    def _skeleton(self, written: Written, language: str) -> _Skeleton:
        """The message with everything in it but what is awaited."""
        settled = [slot(n) if isinstance(v, StandIn) else clean(v) for n, v in enumerate(written.values)]
        page = fill(written.html, [v if has_slot(v) else html.escape(v) for v in settled])
        _judge_links(written.path, page)
        subject, text = fill(written.subject, settled), fill(written.text, settled)
        document = self._document(language, subject, page)
        keys = tuple(value.key if isinstance(value, StandIn) else "" for value in written.values)
        return _Skeleton(subject, _boundary(text + document), _lines(text), _lines(document), keys)

    def _document(self, language: str, subject: str, page: str) -> str:
        try:
            return self._layout.substitute(language=language, title=html.escape(subject), content=page)
        except (KeyError, ValueError) as error:
            raise BadTemplate(
                f"{LAYOUT}: only $language, $title and $content are known; $$ is a dollar ({error})"
            ) from error


def _layout(directories: Sequence[Path]) -> Template:
    path = next((path / LAYOUT for path in directories if (path / LAYOUT).is_file()), None)
    if path is None:
        raise BadTemplate(f"{LAYOUT}: there is no such file")
    return Template(path.read_text(encoding="utf-8"))


def _judge_links(path: Path, page: str) -> None:
    for target in _LINK.findall(page):
        if not _GOOD_LINK.match(target):
            raise BadTemplate(
                f"{path}: a link must begin https:// and a fixed host, mailto: or tel:; this one does not: {target!r}"
            )


def _boundary(content: str) -> str:
    """Made from the content, so the same every time. Quoted-printable never has "=_", so no content can hold it."""
    return "=_" + hashlib.sha256(content.encode()).hexdigest()[:32]


def _lines(text: str) -> tuple[bytes | str, ...]:
    """Runs of lines without a slot as encoded bytes; each line with one as it is."""
    lines: list[bytes | str] = []
    for line in text.splitlines():
        if has_slot(line):
            lines.append(line)
        elif lines and isinstance(lines[-1], bytes):
            lines[-1] += _encoded(line)
        else:
            lines.append(_encoded(line))
    return tuple(lines)


def _encoded(line: str) -> bytes:
    """One line as quoted-printable (RFC 2045 section 6.7), ended by CRLF."""
    if line.isascii() and line.isprintable() and "=" not in line and line[-1:] != " ":
        # Nothing to encode, only long lines to break: what body_encode does, in a tenth of its time.
        *starts, last = range(0, max(len(line) - 1, 1), _LINE - 1)
        line = "=\r\n".join([*(line[start : start + _LINE - 1] for start in starts), line[last:]])
    else:
        line = body_encode(line.encode().decode("latin-1"), _LINE, "\r\n")
    return f"{line}\r\n".encode("ascii")


def _mail(headers: str, skeleton: _Skeleton, values: Sequence[str]) -> bytes:
    in_html = escaped(values)
    boundary = skeleton.boundary
    start = (
        f'{headers}MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'
        f"--{boundary}\r\n{_PART.format('plain')}"
    )
    # UTF-8 for an address that is not ASCII (RFC 6532); all else is encoded.
    pieces = [start.encode()]
    pieces += [line if isinstance(line, bytes) else _encoded(fill(line, values)) for line in skeleton.text]
    pieces.append(f"\r\n--{boundary}\r\n{_PART.format('html')}".encode("ascii"))
    pieces += [line if isinstance(line, bytes) else _encoded(fill(line, in_html)) for line in skeleton.html]
    pieces.append(f"\r\n--{boundary}--\r\n".encode("ascii"))
    return b"".join(pieces)


def _headers(subject: str, envelope: Envelope) -> str:
    return "".join(
        (
            address_field("From", envelope.sender),
            address_field("To", envelope.recipient),
            text_field("Subject", subject),
            f"Date: {format_datetime(envelope.date)}\r\n",
            message_id_field("Message-ID", (envelope.message_id,)),
            message_id_field("In-Reply-To", (envelope.in_reply_to,)),
            message_id_field("References", envelope.references),
            address_field("Reply-To", envelope.reply_to),
            text_field("Auto-Submitted", envelope.auto_submitted),
            f"X-Auto-Response-Suppress: {SUPPRESS}\r\n",
            text_field("X-Ackbot-Loop", envelope.loop),
        )
    )
