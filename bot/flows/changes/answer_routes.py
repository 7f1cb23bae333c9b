"""By which ways a person can be answered, as the contact stands."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.core.answers import BY_LETTER, BY_TELEPHONE
from bot.core.contacts import Contact
from bot.core.lengths import Longest
from bot.flows.rulebook import NO_WAY, Rulebook
from bot.render.words import instant_in_words

PUBLIC, POST = "public", "post"


@dataclass(frozen=True, slots=True)
class Route:
    """One way to answer: `mail`, `platform`, `public` (on the platform, for everybody), `text`, `letter`, `phone`.

    Or `post`: a letter that is printed and posted for staff. `outlet` sends it, or `by letter`, `by telephone`: then
    staff do. `longest`: how long the words may be (None: any length). `until`: when the platform takes no answer any
    more. `why_not` says why it cannot be chosen now, or "".
    """

    name: str
    title: str
    outlet: str
    recipient: str
    longest: Longest | None = None
    until: datetime | None = None
    carries_files: bool = False
    why_not: str = ""

    @property
    def is_by_hand(self) -> bool:
        """Whether no machine can send it: the words are a task."""
        return self.outlet in (BY_LETTER, BY_TELEPHONE)


def routes(contact: Contact, book: Rulebook, now: datetime) -> tuple[Route, ...]:
    """Every way that there is for this contact, where the person wrote first; also those that cannot be chosen now."""
    ways_out = list(_by_machine(contact, book, now))
    address = contact.sender_address or ""
    number = address.removeprefix("tel:") if address.startswith("tel:") else ""
    why_not = "it is not known any more who wrote" if contact.forgotten else ""
    phone = Route("phone", f"By telephone{f', {number}' if number else ''}", BY_TELEPHONE, address or "by telephone")
    letter = Route("letter", "By letter", BY_LETTER, "by letter")
    by_hand = (letter, phone) if book.medium_of(contact) == "letter" else (phone, letter)
    posts_by = book.outgoing.answering.posts_by
    post = (Route(POST, "By letter, printed and posted for you", posts_by, POST),) if posts_by else ()
    return (*ways_out, *(_barred(route, why_not) for route in (*by_hand, *post)))


def _barred(route: Route, why_not: str) -> Route:
    return Route(route.name, route.title, route.outlet, route.recipient, why_not=why_not)


def _by_machine(contact: Contact, book: Rulebook, now: datetime) -> Iterator[Route]:
    way, address = book.ways.get(contact.channel, NO_WAY), contact.sender_address or ""
    outlet = way.outlet_to(address)
    if outlet is None or not address:
        return
    rules = book.outgoing
    if address.startswith("tel:"):
        yield Route("text", f"By text message, {address[4:]}", outlet, address, rules.answering.longest.get(outlet))
    elif outlet in rules.texts:
        yield _on_platform(contact, outlet, address, now, book)
    elif "@" in address:
        yield Route("mail", f"By email to {address}", outlet, address, carries_files=outlet not in rules.words)


def _on_platform(contact: Contact, outlet: str, address: str, now: datetime, book: Rulebook) -> Route:
    rules, until = book.outgoing.answering, contact.platform_reply_by
    if contact.visibility == "public":
        title = f"In public on {contact.channel}: everybody can read it"
        return Route(PUBLIC, title, outlet, address, rules.longest_public.get(outlet))
    is_over = until is not None and now >= until
    end = instant_in_words(until, book.clocks.default_calendar.zone) if until else ""
    why_not = f"the platform took an answer until {end}, and takes none now" if is_over else ""
    title = f"On {contact.channel}, where the person wrote"
    return Route("platform", title, outlet, address, rules.longest.get(outlet), until, why_not=why_not)
