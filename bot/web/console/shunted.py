"""Messages that could not be logged, in the console: the list, one as it came, and what to do with it."""

import json
from dataclasses import replace
from typing import Any

from aiohttp import web
from sqlalchemy import Connection

from bot.core.events import EventKind
from bot.core.messages import Inbound
from bot.core.roles import Permission
from bot.flows.intake import receive
from bot.flows.intake.plan import Filed
from bot.render.words import instant_in_words
from bot.store import contacts, shunt
from bot.store.shunt import ShuntedMessage
from bot.web.console.doorkeeper import ROOT, Doorkeeper, Guest, refusal, render
from bot.web.forms import as_text, fields_of, number_of
from bot.web.site import Site
from bot.wire import bundles
from bot.wire.mail import mime

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
            case "replay" if message := read_again(self._site, row):
                return await self._replay(request, guest, row, message)
        raise web.HTTPBadRequest

    async def _drop(self, guest: Guest, row: ShuntedMessage) -> web.StreamResponse:
        about = {"number": row.id, "channel": row.channel}
        event = self._door.event(guest, EventKind.SHUNTED_DROPPED, about)
        await self._site.write(lambda c: contacts.note(c, [event] if shunt.drop(c, row.id) else []))
        raise web.HTTPSeeOther(f"{ROOT}/shunted")

    async def _replay(
        self, request: web.Request, guest: Guest, row: ShuntedMessage, message: Inbound
    ) -> web.StreamResponse:
        number, now, book = row.id, self._site.now(), self._site.book
        event = self._door.event(guest, EventKind.SHUNTED_REPLAYED, {"number": number})

        def replay(c: Connection) -> Filed:
            filing = receive.replay(c, number, message, now, book)
            contact = contacts.find(c, filing.reference) if filing.reference else None
            if contact is not None:
                contacts.note(c, [replace(event, contact_id=contact.id)])
            return filing

        filing = await self._site.write(replay)
        if filing.outcome == "shunted" or filing.reference is None:
            advice = "It is kept as it was. Go back and take it down at the desk, and tell whoever looks after Ackbot."
            return refusal(request, 409, "It still cannot be logged", advice, guest)
        raise web.HTTPSeeOther(f"{ROOT}/contacts/{filing.reference}")


async def find(site: Site, guest: Guest, number: str) -> ShuntedMessage | None:
    """The shunted message of that number, if this guest sees it."""
    row_id = number_of(number) or 0
    row = await site.read(lambda c: shunt.find(c, row_id))
    return row if row and site.sees_channel(guest.visitor.scope, row.channel) else None


def read_again(site: Site, row: ShuntedMessage) -> Inbound | None:
    """The message as its channel reads it, under its old id; None where only a person can read it."""
    name, way = row.channel, site.book.ways.get(row.channel)
    if way is not None and way.medium == "email":
        return mime.read(row.raw, channel=name, received_at=row.at)
    fields = _fields(row.raw)
    result: object = None
    if name in site.forms:
        result = site.forms[name].read(fields, bundles.files_of(row.raw))
    elif name in site.desks:
        result = site.desks[name].record(fields, row.external_id.partition(":")[2], None)
    if not isinstance(result, Inbound):
        return None
    # Nobody knows whether its files were looked into.
    is_scanned = not (bundles.is_bundle(row.raw) and site.settings.form.clamav)
    return replace(result, external_id=row.external_id, received_at=row.at, is_scanned=is_scanned)


async def prefilled(site: Site, guest: Guest, number: str) -> dict[str, str]:
    """What the desk asks for, as far as a shunted message says it; nothing where the guest may not read it."""
    row = await find(site, guest, number) if number and guest.may(Permission.LEAD) else None
    if row is None:
        return {}
    message, fields = read_again(site, row), _fields(row.raw)
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


def _fields(raw: bytes) -> dict[str, str]:
    """What a form or the desk kept: JSON of names and texts."""
    try:
        values = json.loads(bundles.words_of(raw))
    except (ValueError, RecursionError):
        return {}
    return {k: as_text(v) for k, v in values.items() if isinstance(v, str)} if isinstance(values, dict) else {}


def _gone_page(request: web.Request, guest: Guest) -> web.Response:
    return refusal(request, 404, "There is no such message", "Somebody may have dealt with it.", guest)
