"""Composes finished mails: RFC 5322 bytes with a text and an HTML part, from one template.

The standard library takes about a millisecond to build a mail. Here each template is rendered once, with slots for the
values; lines without a slot are encoded once, and only the others for every mail.
"""

import hashlib
import html
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.quoprimime import body_encode
from email.utils import format_datetime
from pathlib import Path
from string import Template

from bot.core.board import Words
from bot.render.branches import Branch
from bot.render.environment import SlottedMessage, Templates
from bot.render.front_matter import BadTemplate
from bot.render.samples import NEEDS_PAGES, OPTIONAL, SAMPLES, samples
from bot.render.values import StandIn, address_field, clean, escaped, fill, has_slot, message_id_field, slot, text_field

LAYOUT = Path("partials", "mail.html")
# As RFC 3834 and practice suggest: no delivery, read or out-of-office reports; reports of non-delivery are wanted.
SUPPRESS = "DR, RN, NRN, OOF, AutoReply"
# RFC 3834 section 2: no large answers to people who did not ask for them.
MOST_BYTES = 20_480
# RFC 2045 section 6.7: a line of quoted-printable has at most 76 characters.
_LINE = 76
PART = 'Content-Type: text/{}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
_DIGITS_OF_VERSION = 12
# Scripts of Arabic and Hebrew run from right to left.
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ku", "ps", "ur", "yi"})
_LINK = re.compile(r'<a href="([^"]*)"')
_GOOD_LINK = re.compile("(?:https?://[^\ue000/?#]+(?:[/?#]|$)|mailto:|tel:)")


@dataclass(frozen=True, slots=True)
class Envelope:
    """The header values of one mail. Message-IDs have angle brackets; `date` is aware; empty fields are left out.

    `auto_submitted` is a keyword of RFC 3834 section 5, "" where a person typed it; `loop` is our own token, which
    identifies mail that comes back.
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


# For mails that are only displayed or measured.
_TRIAL = Envelope(
    sender="Us <us@example.org>",
    recipient="you@example.org",
    message_id="<1@example.org>",
    date=datetime(2026, 12, 18, 10, tzinfo=UTC),
    auto_submitted="auto-replied",
)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A template with the values of one contact, for display.

    `html` is the complete page. `own_subject` and `own_text` are the template's own words, without values.
    """

    values: Mapping[str, object]
    subject: str
    text: str
    html: str
    own_subject: str
    own_text: str
    mail_bytes: int


@dataclass(frozen=True, slots=True)
class _Skeleton:
    """A message without its values: encoded lines, and lines with slots between them.

    Slot i takes the value called `keys[i]`; an empty name takes nothing.
    """

    subject: str
    boundary: str
    text: tuple[bytes | str, ...]
    html: tuple[bytes | str, ...]
    keys: tuple[str, ...]


class Composer:
    """Composes the mail of one organisation. `constants` are values that every template may use.

    `directories` contain `messages/` and `partials/`; a file that the first lacks is taken from the next. `hosts` are
    the sites that links may lead to. `words` of the console stand in for files, by name and language.
    """

    def __init__(
        self,
        directories: Sequence[Path],
        constants: Mapping[str, str],
        hosts: Collection[str] = frozenset(),
        words: Mapping[tuple[str, str], Words] | None = None,
    ) -> None:
        self._directories, self._words = directories, words or {}
        self._templates = Templates(directories, words)
        self.constants: Mapping[str, str] = dict(constants)
        self.hosts = frozenset(hosts)
        self.layout = _layout(directories)
        self._page = Template(self.layout)
        self._skeletons: dict[tuple[str, ...], _Skeleton | None] = {}
        self._versions: dict[tuple[str, str], str] = {}
        self._latest: tuple[Mapping[tuple[str, str], Words], Composer] = ({}, self)

    def over(self, words: Mapping[tuple[str, str], Words]) -> "Composer":
        """Return the composer with these words in place of files; where they cannot be used, the file's hold.

        The same mapping is looked at once.
        """
        if not words:
            return self
        latest_words, composer = self._latest
        if latest_words is words:
            return composer
        trial = self.trying(words)
        usable = {key: text for key, text in words.items() if not trial.faults(*key)}
        composer = trial if len(usable) == len(words) else self.trying(usable)
        self._latest = (words, composer)
        return composer

    def trying(self, words: Mapping[tuple[str, str], Words]) -> "Composer":
        """Return the composer with these words in place of files, whether they can be used or not."""
        return Composer(self._directories, self.constants, self.hosts, {**self._words, **words})

    def source(self, name: str, language: str) -> Words:
        """Return subject and message as they are written; raises BadTemplate."""
        return self._templates.source(name, language)

    def compose(self, name: str, values: Mapping[str, object], envelope: Envelope, *, language: str = "en") -> bytes:
        """Return one mail, ready to send. Raises BadTemplate for an unknown placeholder or a fault in the template."""
        skeleton, cleaned = self._skeleton_and_values(name, language, {**OPTIONAL.get(name, {}), **values})
        headers = headers_of(fill(skeleton.subject, cleaned), envelope)
        return _mail(headers, skeleton, cleaned)

    def text(self, name: str, values: Mapping[str, object], *, language: str = "en") -> str:
        """Return one short plain text. Raises BadTemplate for an unknown placeholder or a fault in the template."""
        return self.words(name, values, language=language)[1]

    def words(self, name: str, values: Mapping[str, object], *, language: str = "en") -> tuple[str, str]:
        """Return subject and plain text. Raises BadTemplate for an unknown placeholder or a fault in the template."""
        message = self._templates.render(name, language, {**OPTIONAL.get(name, {}), **values, **self.constants})
        cleaned = [clean(str(value)) for value in message.values]
        return fill(message.subject, cleaned).strip(), fill(message.text, cleaned).strip()

    def version(self, name: str, *, language: str = "en") -> str:
        """Return a template's name with the digest of its words and of the layout: `acknowledgement.en 0123456789ab`.

        Raises BadTemplate.
        """
        if (name, language) not in self._versions:
            digest = hashlib.sha256(f"{self._templates.digest(name, language)}{self.layout}".encode()).hexdigest()
            self._versions[name, language] = f"{name}.{language} {digest[:_DIGITS_OF_VERSION]}"
        return self._versions[name, language]

    def names(self) -> list[tuple[str, str]]:
        """Return every template that can be sent as (name, language): some need pages of ours."""
        return [pair for pair in self._templates.names() if self._has_pages or pair[0] not in NEEDS_PAGES]

    def samples(self, name: str) -> dict[str, Mapping[str, object]]:
        """Return the values of the invented contacts of a template."""
        return samples(name, has_pages=self._has_pages)

    @property
    def _has_pages(self) -> bool:
        return bool(self.constants.get("site"))

    def placeholders(self, name: str, language: str) -> frozenset[str]:
        """Return the placeholders of a template, known or not; raises BadTemplate."""
        return self._templates.placeholders(name, language)

    def branches(self, name: str, language: str) -> frozenset[Branch]:
        """Return where the placeholders of a template stand; raises BadTemplate."""
        return self._templates.branches(name, language)

    def render(self, name: str, values: Mapping[str, object], *, language: str = "en") -> Rendered:
        """Return a template as its reader would see it; raises BadTemplate."""
        values_in_use = {**OPTIONAL.get(name, {}), **values, **self.constants}
        message = self._templates.render(name, language, values_in_use)
        cleaned = [clean(str(value)) for value in message.values]
        texts_of_values = {str(value) for value in values_in_use.values()}
        own = ["" if value in texts_of_values else value for value in cleaned]
        subject, page = fill(message.subject, cleaned).strip(), fill(message.html, escaped(cleaned))
        return Rendered(
            values=values,
            subject=subject,
            text=fill(message.text, cleaned).strip(),
            html=self._document(language, subject, page),
            own_subject=fill(message.subject, own).strip(),
            own_text=fill(message.text, own).strip(),
            mail_bytes=len(self.compose(name, values, _TRIAL, language=language)),
        )

    def faults(self, name: str, language: str) -> list[str]:
        """Return why one template cannot be used at all."""
        if name not in SAMPLES:
            return [f"messages/{language}/{name}.md: nothing uses a template of this name; known: {', '.join(SAMPLES)}"]
        try:
            if unknown := self._templates.unknown(name, language, {*SAMPLES[name], *self.constants}):
                return unknown
            for values in self.samples(name).values():
                self.compose(name, values, _TRIAL, language=language)
        except BadTemplate as error:
            return [str(error)]
        return []

    def _skeleton_and_values(
        self, name: str, language: str, values: Mapping[str, object]
    ) -> tuple[_Skeleton, list[str]]:
        # A condition may test whether a value is empty, so that is part of the message's shape.
        shape = (name, language, *[key if value else f"{key}={value}" for key, value in values.items()])
        if shape not in self._skeletons:
            self._skeletons[shape] = self._reusable_skeleton(name, language, values)
        skeleton = self._skeletons[shape]
        if skeleton is None:
            message = self._templates.render(name, language, {**values, **self.constants})
            return self._skeleton(message, language), []
        return skeleton, [clean(str(values[key])) if key else "" for key in skeleton.keys]

    def _reusable_skeleton(self, name: str, language: str, values: Mapping[str, object]) -> _Skeleton | None:
        """Return a skeleton for values of this shape; None if the template does more than show them."""
        stand_ins = {key: StandIn(key) if value else value for key, value in values.items()}
        try:
            message = self._templates.render(name, language, {**stand_ins, **self.constants})
        except BadTemplate:
            # If the template is at fault, rendering it with the values themselves will show it.
            return None
        return self._skeleton(message, language)

    def _skeleton(self, message: SlottedMessage, language: str) -> _Skeleton:
        """Return the message with its constants filled in, and slots for the values."""
        contents = [slot(n) if isinstance(v, StandIn) else clean(v) for n, v in enumerate(message.values)]
        page = fill(message.html, [v if has_slot(v) else html.escape(v) for v in contents])
        _judge_links(message.path, page)
        subject, text = fill(message.subject, contents), fill(message.text, contents)
        document = self._document(language, subject, page)
        keys = tuple(value.key if isinstance(value, StandIn) else "" for value in message.values)
        return _Skeleton(subject, boundary_of(text + document), _lines(text), _lines(document), keys)

    def _document(self, language: str, subject: str, page: str) -> str:
        direction = "rtl" if language in RIGHT_TO_LEFT else "ltr"
        try:
            return self._page.substitute(
                language=language, direction=direction, title=html.escape(subject), content=page
            )
        except (KeyError, ValueError) as error:
            raise BadTemplate(
                f"{LAYOUT}: only $language, $direction, $title and $content are known; $$ is a dollar ({error})"
            ) from error


def _layout(directories: Sequence[Path]) -> str:
    path = next((path / LAYOUT for path in directories if (path / LAYOUT).is_file()), None)
    if path is None:
        raise BadTemplate(f"{LAYOUT}: there is no such file")
    return path.read_text(encoding="utf-8")


def _judge_links(path: Path, page: str) -> None:
    for target in _LINK.findall(page):
        if not _GOOD_LINK.match(target):
            raise BadTemplate(
                f"{path}: a link must begin https:// and a fixed host, mailto: or tel:; this one does not: {target!r}"
            )


def boundary_of(content: str) -> str:
    """Return a boundary derived from the content. Quoted-printable never has "=_", so no content can contain it."""
    return "=_" + hashlib.sha256(content.encode()).hexdigest()[:32]


def _lines(text: str) -> tuple[bytes | str, ...]:
    """Return runs of lines without a slot as encoded bytes, and each line with a slot unchanged."""
    lines: list[bytes | str] = []
    for line in text.splitlines():
        if has_slot(line):
            lines.append(line)
        elif lines and isinstance(lines[-1], bytes):
            lines[-1] += encoded_line(line)
        else:
            lines.append(encoded_line(line))
    return tuple(lines)


def encoded_line(line: str) -> bytes:
    """Return one line as quoted-printable (RFC 2045 section 6.7), with CRLF."""
    if line.isascii() and line.isprintable() and "=" not in line and line[-1:] != " ":
        # No character to encode, only long lines to break: the result of body_encode in a tenth of its time.
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
        f"--{boundary}\r\n{PART.format('plain')}"
    )
    # UTF-8 for an address that is not ASCII (RFC 6532); everything else is encoded.
    pieces = [start.encode()]
    pieces += [line if isinstance(line, bytes) else encoded_line(fill(line, values)) for line in skeleton.text]
    pieces.append(f"\r\n--{boundary}\r\n{PART.format('html')}".encode("ascii"))
    pieces += [line if isinstance(line, bytes) else encoded_line(fill(line, in_html)) for line in skeleton.html]
    pieces.append(f"\r\n--{boundary}--\r\n".encode("ascii"))
    return b"".join(pieces)


def headers_of(subject: str, envelope: Envelope) -> str:
    """Return the fields of the header; those of automatic mail only where no person typed it."""
    is_automatic = bool(envelope.auto_submitted)
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
            f"X-Auto-Response-Suppress: {SUPPRESS}\r\n" if is_automatic else "",
            text_field("X-Ackbot-Loop", envelope.loop),
        )
    )
