"""Titles for people of what the configuration names with short names: services, kinds, areas, teams, channels."""

from dataclasses import dataclass

from bot.core.contacts import Contact
from bot.flows.rulebook import NO_WAY, Rulebook

_KINDS = {
    "foi": "Freedom of Information request",
    "eir": "Environmental information request",
    "sar": "Request for their own data",
    "dp-complaint": "Complaint about personal data",
    "complaint-second-stage": "Complaint, second stage",
    "adult-social-care-complaint": "Complaint about adult social care",
    "member": "From a member of the council or of parliament",
}
PLATFORMS = {
    "bluesky": "Bluesky",
    "facebook": "Facebook",
    "instagram": "Instagram",
    "mastodon": "Mastodon",
    "telegram": "Telegram",
    "whatsapp": "WhatsApp",
    "x": "X",
}
_MEDIA = {
    "email": "email",
    "web_form": "the form on our website",
    "phone": "phone call",
    "letter": "letter",
    "face_to_face": "a visit",
    "voicemail": "voicemail",
    "text": "text message",
    **PLATFORMS,
}


def plain(name: str) -> str:
    """A short name as words: `front-office` is Front office."""
    words = name.replace("-", " ").replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def kind(name: str) -> str:
    """The title of a kind of contact."""
    return _KINDS.get(name) or plain(name)


@dataclass(frozen=True, slots=True)
class Titles:
    """The titles of one rulebook. What it does not hold any more is shown as plain words; "" stays ""."""

    book: Rulebook

    def service(self, name: str | None) -> str:
        """The title of a service as the form shows it."""
        service = self.book.intake.router.services.get(name or "")
        return service.title if service else plain(name or "")

    def kind(self, name: str) -> str:
        """What kind of contact it is."""
        return kind(name)

    def area(self, name: str) -> str:
        """A part of the organisation's area."""
        return plain(name)

    def team(self, name: str | None) -> str:
        """A team; "No team" where there is none."""
        return plain(name or "") or "No team"

    def about(self, contact: Contact) -> str:
        """Service, kind and area in one line, "" where nothing of them is clear yet."""
        words = (self.service(contact.service), self.kind(contact.kind), self.area(contact.area))
        return ", ".join(word for word in words if word)

    def medium(self, name: str) -> str:
        """A way in which contacts come, as standards name it."""
        return _MEDIA.get(name) or plain(name)

    def way(self, contact: Contact) -> str:
        """How a contact came, as it stands in a sentence."""
        return _MEDIA.get(self.book.medium_of(contact)) or contact.channel.replace("-", " ").replace("_", " ")

    def channel(self, name: str) -> str:
        """A channel by its medium, with its own name where several share one medium."""
        way = self.book.ways.get(name, NO_WAY)
        medium = _MEDIA.get(way.medium)
        if medium is None:
            return plain(name)
        title = medium[:1].upper() + medium[1:]
        is_single = sum(candidate.medium == way.medium for candidate in self.book.ways.values()) == 1
        return title if is_single else f"{title} ({plain(name).lower()})"
