"""Where the reply box is posted to: kept, filled from a saved answer, seen before it leaves, sent, and taken back."""

from collections.abc import Mapping

from aiohttp import web
from sqlalchemy import Connection

from bot.core.files import File
from bot.core.roles import Permission
from bot.flows.changes.refusals import Kind, Refused
from bot.flows.desk import actions, drafting, foresight
from bot.flows.desk.drafting import Pen
from bot.flows.desk.judging import CAUSE
from bot.flows.desk.orders import Order, visible
from bot.flows.outgoing.compose import MessageWriter
from bot.store import contacts, drafts
from bot.web.console import flash
from bot.web.console.contact import ContactPages
from bot.web.console.doorkeeper import ROOT, Doorkeeper, Guest, render
from bot.web.console.lists import List
from bot.web.console.message import reference_in_path, unknown
from bot.web.console.reply import ACTION, ANSWERED
from bot.web.forms import fields_of, files_of, number_of
from bot.web.site import Site

_ONE = f"{ROOT}/contacts/{{reference}}"
_FIELDS = ("kind", "words", "subject", "channel", "address", CAUSE)
# What the buttons of the box say they do; behind `drop-` stands the number of a file.
_SEND, _SEND_AND_NEXT, _PREVIEW, _INSERT, _DROP = "send", "send-and-next", "preview", "insert", "drop-"
_ROOM_BESIDE_FILES = 1024 * 1024


class AnswerPages:
    """The reply box at work; `contact_pages` shows it again where something is refused."""

    def __init__(self, site: Site, door: Doorkeeper, contact_pages: ContactPages) -> None:
        self._site, self._door, self._contact_pages = site, door, contact_pages

    def routes(self) -> list[web.RouteDef]:
        """The box, the draft that a page keeps by itself, and what it asks meanwhile."""
        page, most_bytes = self._door.page, self._site.book.outgoing.answering.most_bytes
        # Twice, so that files that are too large are refused by their rule, and the words are kept.
        box = page(Permission.ACT, self._post, most_bytes=2 * most_bytes + _ROOM_BESIDE_FILES)
        return [
            web.post(f"{_ONE}/answer", box),
            web.post(f"{_ONE}/draft", page(Permission.ACT, self._keep)),
            web.get(f"{_ONE}/writing", page(Permission.READ, self._writing)),
            web.get(f"{_ONE}/saved-answer", page(Permission.ACT, self._saved_words)),
            web.post(f"{_ONE}/undo", page(Permission.ACT, self._undo)),
        ]

    async def _post(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        values, new_files = await fields_of(request), await files_of(request, "files")
        # First, and by itself: whatever is refused afterwards, the words are kept.
        pen, is_sent = await self._site.write(lambda c: self._keep_typed(c, request, guest, values))
        if pen is None:
            return await unknown(self._door, request, guest)
        try:
            if new_files and not is_sent:
                await self._site.write(lambda c: drafting.add_files(c, pen, new_files, self._site.book))
            return await self._press(request, guest, pen, values)
        except Refused as objection:
            order = Order(ACTION, pen.contact.reference, values)
            return await self._contact_pages.refuse(request, guest, order, objection)

    async def _press(
        self, request: web.Request, guest: Guest, pen: Pen, values: Mapping[str, str]
    ) -> web.StreamResponse:
        """Do what the button says. Raises Refused."""
        do, now, book = values.get("do", ""), self._site.now(), self._site.book
        if do in (_SEND, _SEND_AND_NEXT):
            await self._send(request, guest, pen, values)
        if do == _PREVIEW:
            return await self._preview(request, guest, pen, values)
        if do == _INSERT and (name := values.get("saved", "")):
            constants = self._site.composer.constants
            await self._site.write(lambda c: drafting.insert(c, pen, name, constants, now, book))
        raise web.HTTPSeeOther(f"{List.of(request, values).address(pen.contact.reference)}#{ACTION}")

    def _keep_typed(
        self, c: Connection, request: web.Request, guest: Guest, values: Mapping[str, str]
    ) -> tuple[Pen | None, bool]:
        """Keep what was typed, without the file whose button was pressed; whether it was sent already."""
        pen = self._pen(c, request, guest)
        is_sent = pen is not None and drafting.is_sent(c, pen, values, number_of(values.get("seen", "")))
        if pen is not None and not is_sent:
            drafting.keep(c, pen, values, None, self._site.now())
            number = number_of(values.get("do", "").removeprefix(_DROP))
            if number is not None:
                drafts.drop_files(c, pen.contact.id, pen.owner, [number])
        return pen, is_sent

    async def _send(self, request: web.Request, guest: Guest, pen: Pen, values: Mapping[str, str]) -> None:
        """Send it, and go on: to the next contact of the list, or back to this one. Raises Refused."""
        now, book, visitor = self._site.now(), self._site.book, guest.visitor
        contact_list, zone = List.of(request, values), book.clocks.default_calendar.zone

        def send(c: Connection) -> str:
            # A button that is pressed twice sends once, and the second page says what the first one said.
            if not drafting.is_sent(c, pen, values, number_of(values.get("seen", ""))):
                actions.act(c, _order(c, pen, values), visitor, now, book)
            drafts.drop(c, pen.contact.id, pen.owner)
            contact = contacts.with_id(c, [pen.contact.id])[pen.contact.id]
            return contact_list.next(c, contact, visitor.scope, zone, now)

        next_address = await self._site.write(send)
        own = contact_list.address(pen.contact.reference)
        address = (next_address or contact_list.back) if values.get("do") == _SEND_AND_NEXT else own
        token = flash.token(pen.contact.reference, visitor.session, book.secret, now)
        raise web.HTTPSeeOther(f"{address}{'&' if '?' in address else '?'}{ANSWERED}={token}")

    async def _preview(
        self, request: web.Request, guest: Guest, pen: Pen, values: Mapping[str, str]
    ) -> web.StreamResponse:
        """The answer as it would leave, written by what writes it when it leaves. Raises Refused."""
        now, book, visitor = self._site.now(), self._site.book, guest.visitor
        trial = await self._site.write(lambda c: foresight.attempt(c, _order(c, pen, values), visitor, now, book))
        files = await self._site.read(lambda c: drafts.files_of(c, pen.contact.id, pen.owner))
        context = {
            "reference": pen.contact.reference,
            "fields": {name: values.get(name, "") for name in (*_FIELDS, "seen", "list")},
            "foresight": trial.compose(MessageWriter(self._site.composer, book, book.secret), now, book),
            "files": files,
            "back": f"{List.of(request, values).address(pen.contact.reference)}#{ACTION}",
        }
        return render(request, guest, "reply_preview", context)

    async def _keep(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        """Keep what is typed, for a page that sends it now and then; and say who else is writing."""
        values, now = await fields_of(request), self._site.now()
        last_event, zone = number_of(values.get("seen", "")), self._site.book.clocks.default_calendar.zone

        def keep(c: Connection) -> str | None:
            pen = self._pen(c, request, guest)
            if pen is None:
                return None
            drafting.keep(c, pen, values, last_event, now)
            return drafting.colleagues(c, pen, zone, now)

        return _text(await self._site.write(keep))

    async def _writing(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        now, zone = self._site.now(), self._site.book.clocks.default_calendar.zone

        def read(c: Connection) -> str | None:
            pen = self._pen(c, request, guest)
            return drafting.colleagues(c, pen, zone, now) if pen else None

        return _text(await self._site.read(read))

    async def _saved_words(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        book, constants, name = self._site.book, self._site.composer.constants, request.query.get("name", "")

        def read(c: Connection) -> str | None:
            pen = self._pen(c, request, guest)
            try:
                return drafting.saved_words(c, pen, name, constants, book) if pen else None
            except Refused:
                return ""

        return _text(await self._site.read(read))

    async def _undo(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        values, now, visitor = await fields_of(request), self._site.now(), guest.visitor
        reference = reference_in_path(request, self._site.book.prefix)

        def take_back(c: Connection) -> None:
            pen = self._pen(c, request, guest)
            if pen is None:
                raise Refused(f"there is no contact {reference}", kind=Kind.UNKNOWN)
            drafting.take_back(c, pen, visitor.actor, now)

        try:
            await self._site.write(take_back)
        except Refused as objection:
            return await self._contact_pages.refuse(request, guest, Order("undo", reference, values), objection)
        words = "Your answer is taken back. It has not been sent: its words are in the box again."
        token = flash.token(words, visitor.session, self._site.book.secret, now)
        address = List.of(request, values).address(reference)
        raise web.HTTPSeeOther(f"{address}{'&' if '?' in address else '?'}told={token}#{ACTION}")

    def _pen(self, c: Connection, request: web.Request, guest: Guest) -> Pen | None:
        """The pen of whoever asks, on the contact that the address names; None where they see none."""
        reference = reference_in_path(request, self._site.book.prefix)
        contact = visible(c, reference, guest.visitor, self._site.book)
        return Pen.of(contact, guest.visitor) if contact else None


def _order(c: Connection, pen: Pen, values: Mapping[str, str]) -> Order:
    """The order to answer, with the files that are kept."""
    files = tuple(File(name, content) for name, content in drafts.contents_of(c, pen.contact.id, pen.owner))
    fields = {name: values.get(name, "") for name in _FIELDS}
    return Order(ACTION, pen.contact.reference, fields, number_of(values.get("seen", "")), files)


def _text(words: str | None) -> web.StreamResponse:
    if words is None:
        raise web.HTTPNotFound
    return web.Response(text=words)
