"""One invented message each: who writes about what, by which way, in which language; and what they say later."""

import hashlib
import random
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Literal

from bot.cli import demo_words
from bot.cli.demo_configuration import ADDRESS
from bot.cli.demo_words import AREAS, MARK, MATTERS, NOTE, PHONE, Matter
from bot.core.feedback import Opinion, Satisfaction
from bot.core.messages import Inbound, Party
from bot.core.needs import WORDS, Need
from bot.flows.residents.opinion import Saying
from bot.wire.mail import mime

NOWHERE = "@undeliverable.example"
# The ways in, with their shares; the last four are what the desk takes down.
_WAYS = {"inbox": 42, "website": 31, "phone": 17, "letter": 4, "face_to_face": 3, "voicemail": 3}
_KINDS = {"": 90, "complaint": 5, "foi": 3, "member": 2}
_LANGUAGES = {"en": 91, "cy": 3, "pl": 2, "ro": 2, "ar": 1, "ur": 1}
_TOLD_AT_ONCE = ("phone", "face_to_face")
_FIRST = ("Sam", "Ama", "Jo", "Rhys", "Ewa", "Ioana", "Yusuf", "Priya", "Megan", "Tom", "Lena", "Idris")
_LAST = ("Reed", "Owusu", "Lewis", "Nowak", "Khan", "Shah", "Price", "Moore", "Dunn", "Farah", "Wells", "Hart")
_SHARE_OF_PROGRAMS, _SHARE_NOWHERE, _SHARE_WITH_NEEDS = 0.06, 0.02, 0.05


def letter(number: int) -> "Letter":
    """Invent the message of this number; the same number is the same message."""
    chance = random.Random(f"letter {number}")  # noqa: S311 - to be repeated, not to be secret
    if chance.random() < _SHARE_OF_PROGRAMS:
        sender, subject, text, headers = chance.choice(demo_words.OF_PROGRAMS)
        return Letter(number, chance, MATTERS[-1], "inbox", "en", subject, text, sender, headers)
    matter = chance.choices(MATTERS, [matter.weight for matter in MATTERS])[0]
    language = _draw(chance, _LANGUAGES)
    subject, text = demo_words.IN_OTHER_LANGUAGES.get(language) or chance.choice(matter.texts)
    first, last = chance.choice(_FIRST), chance.choice(_LAST)
    domain = NOWHERE if chance.random() < _SHARE_NOWHERE else "@residents.example"
    return Letter(
        number,
        chance,
        matter,
        # Whoever writes in another language chooses the service on the form.
        "website" if language != "en" else _draw(chance, _WAYS),
        language,
        subject,
        text,
        f"{first.lower()}.{last.lower()}.{number}{domain}",
        name=f"{first} {last}",
        area=chance.choice([*AREAS, ""]),
        kind=_draw(chance, _KINDS),
        need=chance.choice(list(Need)) if chance.random() < _SHARE_WITH_NEEDS else None,
    )


def saying(chance: random.Random) -> Saying:
    """What a person says of an answer."""
    answer = chance.choices(list(Opinion), (72, 17, 11))[0]
    steps = list(Satisfaction)[:3] if answer == Opinion.YES else list(Satisfaction)[2:]
    return Saying(answer, chance.choice([*steps, ""]))


def _draw(chance: random.Random, shares: dict[str, int]) -> str:
    return chance.choices(list(shares), list(shares.values()))[0]


@dataclass(frozen=True, slots=True)
class Letter:
    """An invented message. `chance` goes on to decide what becomes of it; `headers` are those of a program's mail."""

    number: int
    chance: random.Random
    matter: Matter
    medium: str
    language: str
    subject: str
    text: str
    address: str
    headers: str = ""
    name: str = ""
    area: str = ""
    kind: str = ""
    need: Need | None = None

    @property
    def needs(self) -> str:
        """What the person needs, in the words of staff."""
        return WORDS[self.need] if self.need else ""

    def message(self, at: datetime) -> Inbound:
        """Return the message as its channel hands it on."""
        if self.medium == "inbox":
            return self._mail(self.subject, self._words, "", at)
        return self._website(at) if self.medium == "website" else self._desk(at)

    def further(self, reference: str, words: str, at: datetime) -> Inbound:
        """Return a later mail of the person's, which names their reference."""
        return self._mail(f"Re: {self.subject} {reference}", words, f"{at:%Y%m%d%H%M%S}.", at)

    @property
    def _words(self) -> str:
        postcode = f"{AREAS[self.area]} 2AB" if self.area else ""
        return "\n\n".join(filter(None, (self.text, postcode, NOTE)))

    def _mail(self, subject: str, words: str, mark: str, at: datetime) -> Inbound:
        mail = EmailMessage()
        mail["From"] = f"{self.name} <{self.address}>" if self.name else self.address
        mail["To"], mail["Subject"], mail["Date"] = ADDRESS, subject, format_datetime(at)
        mail["Message-ID"] = f"<{MARK}{mark}{self.number}@residents.example>"
        mail.set_content(words)
        raw = self.headers.encode() + mail.as_bytes()
        return mime.read(raw, channel="inbox", received_at=at, return_path=self.address, recipients=(ADDRESS,))

    def _website(self, at: datetime) -> Inbound:
        return self._entry("website", f"{MARK}{self.number}", "us", at, {"email": self.address})

    def _desk(self, at: datetime) -> Inbound:
        told_by: Literal["staff", "at once"] = "at once" if self.medium in _TOLD_AT_ONCE else "staff"
        prefers = "told" if told_by == "at once" else "letter"
        fields = {"how": self.medium, "phone": self._phone, "prefers": prefers}
        return self._entry("desk", f"{self.medium}:{MARK}{self.number}", told_by, at, fields)

    @property
    def _phone(self) -> str:
        return PHONE.format(self.number % 1_000)

    def _entry(
        self,
        channel: str,
        external_id: str,
        told_by: Literal["us", "staff", "at once"],
        at: datetime,
        fields: dict[str, str],
    ) -> Inbound:
        fields = {
            **fields,
            "name": self.name,
            "service": self.matter.service,
            "postcode": AREAS.get(self.area, ""),
            "language": self.language if self.language != "en" else "",
        }
        address = fields.get("email") or "tel:+44" + self._phone.replace(" ", "")[1:]
        return Inbound(
            channel=channel,
            external_id=external_id,
            digest=hashlib.sha256(external_id.encode()).hexdigest(),
            sender=Party(address, self.name),
            subject=self.subject if channel == "desk" else "",
            text=f"{self.text}\n\n{NOTE}",
            received_at=at,
            told_by=told_by,
            medium=self.medium if channel == "desk" else "",
            unproven=channel == "website",
            fields={name: value for name, value in fields.items() if value},
            raw=self._words.encode(),
        )
