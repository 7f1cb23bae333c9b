"""One thing of a contact on a page of its own: words in full, a page in its frame, what we sent, a file to save."""

from zoneinfo import ZoneInfo

from aiohttp import web

from bot.core import threads
from bot.core.events import EventKind
from bot.core.roles import Permission
from bot.flows.desk import message_view
from bot.flows.desk.actions import MOST_CHARACTERS_OF_A_REFERENCE
from bot.flows.desk.page_size import pieces
from bot.flows.outgoing.as_sent import AsSent
from bot.render import pdf
from bot.render.words import instant_in_words
from bot.web.console.doorkeeper import ROOT, Doorkeeper, Guest, refusal, render
from bot.web.console.downloads import saved_file
from bot.web.forms import number_of
from bot.web.site import Site

MOST_BYTES = 80_000
TOO_LARGE = "<p>This page is too large to be shown here. Read its words, or save the message as a file.</p>"
_ONE = f"{ROOT}/contacts/{{reference}}"
_FRAME_POLICY = "default-src 'none'; sandbox; frame-ancestors 'self'; base-uri 'none'"
_MOST_PAGES = 100_000


class MessagePages:
    """Everything that is too long, or too dangerous, for the page of its contact."""

    def __init__(self, site: Site, door: Doorkeeper) -> None:
        self._site, self._door = site, door

    def routes(self) -> list[web.RouteDef]:
        """All of them only show."""
        page = self._door.page
        return [
            web.get(f"{_ONE}/messages/{{number}}", page(Permission.READ, self._message)),
            web.get(f"{_ONE}/messages/{{number}}/words", page(Permission.READ, self._words)),
            web.get(f"{_ONE}/messages/{{number}}/raw", page(Permission.READ, self._raw)),
            web.get(f"{_ONE}/events/{{number}}", page(Permission.READ, self._event)),
            web.get(f"{_ONE}/sent/{{number}}", page(Permission.READ, self._show_sent)),
            web.get(f"{_ONE}/sent/{{number}}/raw", page(Permission.READ, self._save_sent)),
        ]

    async def _message(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        reference, number, scope = self._reference(request), row_number(request), guest.visitor.scope
        markup = await self._site.read(lambda c: message_view.page_of(c, reference, number, scope))
        if markup is None:
            return await unknown(self._door, request, guest)
        content = markup if len(markup.encode()) <= MOST_BYTES else TOO_LARGE
        response = render(request, guest, "message", {"markup": content})
        response.headers["Content-Security-Policy"] = _FRAME_POLICY
        return response

    async def _words(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        reference, number, scope = self._reference(request), row_number(request), guest.visitor.scope
        words = await self._site.read(lambda c: message_view.words_of(c, reference, number, scope))
        return await self._in_pieces(request, guest, "All the words of a message", words)

    async def _event(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        reference, number, scope = self._reference(request), row_number(request), guest.visitor.scope
        book = self._site.book
        words = await self._site.read(lambda c: message_view.event_of(c, reference, number, scope, book.clocks))
        return await self._in_pieces(request, guest, "All that is known of an event", words)

    async def _in_pieces(
        self,
        request: web.Request,
        guest: Guest,
        heading: str,
        words: str | None,
        notes: tuple[str, ...] = (),
        file: str = "",
    ) -> web.StreamResponse:
        reference = self._reference(request)
        if words is None:
            return await unknown(self._door, request, guest)
        parts = pieces(words, MOST_BYTES)
        part = min(max(page_number(request), 1), len(parts))
        context = {"heading": heading, "reference": reference, "words": parts[part - 1], "part": part}
        of_file = {"file": file, "has_pdf": bool(file) and pdf.is_there()}
        return render(request, guest, "words", {**context, "parts": len(parts), "notes": notes, **of_file})

    async def _show_sent(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        reference, number, scope = self._reference(request), row_number(request), guest.visitor.scope
        departure = await self._site.read(lambda c: message_view.departure_of(c, reference, number, scope))
        if departure is None:
            return await unknown(self._door, request, guest)
        notes, words = _in_words(departure, self._site.book.clocks.default_calendar.zone)
        can_be_saved = any(message.content for message in departure.messages)
        file = f"{request.path}/raw" if can_be_saved else ""
        return await self._in_pieces(request, guest, "What we sent", words, notes, file)

    async def _save_sent(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        reference, number, scope = self._reference(request), row_number(request), guest.visitor.scope
        departure = await self._site.read(lambda c: message_view.departure_of(c, reference, number, scope))
        contents = [message for message in departure.messages if message.content] if departure else []
        if not contents:
            return await unknown(self._door, request, guest)
        await self._door.note(guest, EventKind.MESSAGE_SAVED, {"reference": reference, "sent": number})
        is_mail = bool(contents[-1].headers)
        return saved_file(f"{reference}-sent-{number}.{'eml' if is_mail else 'txt'}", contents[-1].content)

    async def _raw(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        reference, number, scope = self._reference(request), row_number(request), guest.visitor.scope
        book = self._site.book
        original = await self._site.read(lambda c: message_view.kept_of(c, reference, number, scope, book))
        if original is None:
            return await unknown(self._door, request, guest)
        await self._door.note(guest, EventKind.MESSAGE_SAVED, {"reference": reference, "message": number})
        name = f"{reference}-{number}.{'eml' if original.is_mail else 'txt'}"
        return saved_file(name, original.raw)

    def _reference(self, request: web.Request) -> str:
        return reference_in_path(request, self._site.book.prefix)


def _in_words(departure: message_view.Departure, zone: ZoneInfo) -> tuple[tuple[str, ...], str]:
    """Notes, and the words of each message that has left or may have."""
    sent_at, messages = departure.fate.sent_at, departure.messages
    notes = [f"It left at {instant_in_words(sent_at, zone)}." if sent_at else "It has not left, as far as we know."]
    if not messages and sent_at:
        notes.append("The words are not here: it left before they were kept.")
    if len(messages) > 1:
        notes.append(f"It was handed over {len(messages)} times, as we could not know that it had arrived.")
    return tuple(notes), "\n\n\n".join(_page_of(message, zone) for message in messages)


def _page_of(message: AsSent, zone: ZoneInfo) -> str:
    """One message as it was handed over, with its header."""
    headers = message.headers or tuple(
        (name, value) for name, value in (("To", message.recipient), ("Subject", message.subject)) if value
    )
    facts = [f"Handed over at {instant_in_words(message.at, zone)}, attempt {message.attempt}."]
    facts += [f"Written from the template {message.template}."] if message.template else []
    facts += [f"The other side calls it {message.external_id}."] if message.external_id else []
    english = ["", "In English:", "", message.english] if message.english else []
    return "\n".join([*facts, "", *(f"{name}: {value}" for name, value in headers), "", message.words, *english])


def reference_in_path(request: web.Request, prefix: str) -> str:
    """The reference in the address of a page; "", which is nobody's, where none stands there."""
    matches = threads.references_in(request.match_info["reference"], prefix)
    return matches[0] if matches else ""


def page_number(request: web.Request) -> int:
    """Which page of several is asked for: `page` in the address."""
    return min(max(number_of(request.query.get("page", "")) or 1, 1), _MOST_PAGES)


def row_number(request: web.Request) -> int:
    """The number of a row in the address; 0, which none has, where there is none."""
    return number_of(request.match_info["number"]) or 0


async def unknown(door: Doorkeeper, request: web.Request, guest: Guest) -> web.StreamResponse:
    """The same for what was never there and for what this visitor may not see."""
    reference = request.match_info["reference"][:MOST_CHARACTERS_OF_A_REFERENCE]
    await door.refuse(guest, reference, "no such contact for them")
    advice = "Check the reference. It may also be a contact of another team."
    return refusal(request, 404, "We cannot show this contact", advice, guest)
