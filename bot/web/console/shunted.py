"""Messages that could not be logged, in the console: the list, one as it came, and what to do with it."""

from dataclasses import replace
from typing import Any

from aiohttp import web
from sqlalchemy import Connection

from bot.core.events import EventKind
from bot.core.messages import Inbound
from bot.core.roles import Permission
from bot.flows.intake import reading_again
from bot.flows.intake.batches import Filed
from bot.flows.intake.reading_again import Messages
from bot.render.words import instant_in_words
from bot.store import contacts, shunt
from bot.store.shunt import ShuntedMessage
from bot.web.console.doorkeeper import ROOT, Doorkeeper, Guest, refusal, render
from bot.web.forms import fields_of, number_of
from bot.web.site import Site
from bot.wire import bundles

RAW_SHOWN = 12_000
_MOST_LISTED = 75
_WORDS_TAKEN = 10_000
_ASKED_FOR = ("name", "email", "phone", "postcode", "subject", "service")


class ShuntedPages:
    """The list, and one of them."""

    def __init__(self, site: Site, door: Doorkeeper) -> None:
        self._site, self._door = site, door

    def routes(self) -> list[web.RouteDef]:
        """That there are some is for everybody; what they say and what to do with them for who leads."""
        page = self._door.page
        return [
            web.get(f"{ROOT}/shunted", page(Permission.READ, self._list)),
            web.get(f"{ROOT}/shunted/{{number}}", page(Permission.LEAD, self._show)),
            web.post(f"{ROOT}/shunted/{{number}}", page(Permission.LEAD, self._decide)),
        ]

    def _when(self, at: Any) -> str:
        return instant_in_words(at, self._site.book.clocks.default_calendar.zone) if at else ""

    async def _list(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        messages, scope = await self._site.read(shunt.list_all), guest.visitor.scope
        rows = [row for row in messages if self._site.sees_channel(scope, row.channel)]
        context = {
            "rows": rows[:_MOST_LISTED],
            "more": len(rows[_MOST_LISTED:]),
            "may_lead": guest.may(Permission.LEAD),
        }
        return render(request, guest, "shunted", {**context, "one": None, "when": self._when})

    async def _row_of(self, request: web.Request, guest: Guest) -> ShuntedMessage | None:
        return await find(self._site, guest, request.match_info["number"])

    async def _show(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        row = await self._row_of(request, guest)
        if row is None:
            return _gone_page(request, guest)
        await self._door.note(guest, EventKind.SHUNTED_READ, {"number": row.id, "channel": row.channel})
        return self._page(request, guest, row)

    def _page(self, request: web.Request, guest: Guest, row: ShuntedMessage, fault: str = "") -> web.Response:
        excerpt = row.raw[:RAW_SHOWN].decode("utf-8", "replace").replace("\0", "")
        context = {"one": row, "raw": excerpt, "left": len(row.raw[RAW_SHOWN:]), "fault": fault, "when": self._when}
        context |= {"readable": read_again(self._site, row) is not None}
        return render(request, guest, "shunted", context, 422 if fault else 200)

    async def _decide(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        row, values = await self._row_of(request, guest), await fields_of(request)
        if row is None:
            return _gone_page(request, guest)
        match values.get("action"):
            case "drop" if values.get("sure") != "yes":
                return self._page(request, guest, row, "Tick that it is dealt with. Then it can be deleted.")
            case "drop":
                return await self._drop(guest, row)
            case "replay" if (messages := read_again(self._site, row)) is not None:
                return await self._replay(request, guest, row, messages)
        raise web.HTTPBadRequest

    async def _drop(self, guest: Guest, row: ShuntedMessage) -> web.StreamResponse:
        about = {"number": row.id, "channel": row.channel}
        event = self._door.event(guest, EventKind.SHUNTED_DROPPED, about)
        now = self._site.now()
        await self._site.write(lambda c: contacts.note(c, [event] if shunt.put_away(c, row.id, now) else []))
        raise web.HTTPSeeOther(f"{ROOT}/shunted")

    async def _replay(
        self, request: web.Request, guest: Guest, row: ShuntedMessage, messages: Messages
    ) -> web.StreamResponse:
        number, now, book = row.id, self._site.now(), self._site.book
        event = self._door.event(guest, EventKind.SHUNTED_REPLAYED, {"number": number, "channel": row.channel})

        def replay(c: Connection) -> tuple[Filed, ...] | None:
            filings = reading_again.replay(c, number, messages, now, book)
            if filings is not None:
                references = {filing.reference for filing in filings if filing.reference}
                ids = [contact.id for name in sorted(references) if (contact := contacts.find(c, name))]
                contacts.note(c, [replace(event, contact_id=contact_id) for contact_id in ids] or [event])
            return filings

        filings = await self._site.write(replay)
        if filings is None:
            advice = "It is kept as it was. Go back and take it down at the desk, and tell whoever looks after Ackbot."
            return refusal(request, 409, "It still cannot be logged", advice, guest)
        reference = next((filing.reference for filing in filings if filing.reference), None)
        raise web.HTTPSeeOther(f"{ROOT}/contacts/{reference}" if reference else f"{ROOT}/shunted")


async def find(site: Site, guest: Guest, number: str) -> ShuntedMessage | None:
    """The shunted message of that number, if this guest sees it."""
    row_id = number_of(number) or 0
    row = await site.read(lambda c: shunt.find(c, row_id))
    return row if row and site.sees_channel(guest.visitor.scope, row.channel) else None


def read_again(site: Site, row: ShuntedMessage) -> Messages | None:
    """The messages as their channel reads them now; None where only a person can read it."""
    has_scanner = bool(site.settings.form.clamav)
    return reading_again.read_again(site.channels.get(row.channel), row, site.book, has_scanner=has_scanner)


async def prefilled(site: Site, guest: Guest, number: str) -> dict[str, str]:
    """What the desk asks for, as far as a shunted message says it; nothing where the guest may not read it."""
    row = await find(site, guest, number) if number and guest.may(Permission.LEAD) else None
    if row is None:
        return {}
    message, fields = next(iter(read_again(site, row) or ()), None), bundles.fields_of(row.raw)
    values = {name: fields.get(name, "") for name in _ASKED_FOR} | _of_sender(message, by_hand=bool(fields))
    words = message.text if message is not None else fields.get("text") or fields.get("message")
    text = words or row.raw.decode("utf-8", "replace").replace("\0", "")
    local = row.at.astimezone(site.book.clocks.default_calendar.zone)
    return values | {"text": text[:_WORDS_TAKEN], "received_at": f"{local:%Y-%m-%dT%H:%M}"}


def _of_sender(message: Inbound | None, *, by_hand: bool) -> dict[str, str]:
    """The subject, and who wrote, unless that was `typed` into fields."""
    if message is None or message.sender is None:
        return {}
    sender_fields = {} if by_hand else {"email": message.sender.address, "name": message.sender.name}
    return sender_fields | {"subject": message.subject}


def _gone_page(request: web.Request, guest: Guest) -> web.Response:
    return refusal(request, 404, "There is no such message", "Somebody may have dealt with it.", guest)
