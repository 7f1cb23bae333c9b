"""What we sent in other formats: in large print to be printed, the same as a PDF, and as text for braille or audio."""

import asyncio

from aiohttp import web

from bot.core.events import EventKind
from bot.core.roles import Permission
from bot.flows.desk import paper
from bot.flows.desk.paper import Paper
from bot.render import pdf
from bot.render.letters import Letter, Letterhead
from bot.web.console.doorkeeper import ROOT, Doorkeeper, Guest, refusal
from bot.web.console.downloads import saved_file
from bot.web.console.message import reference_in_path, row_number, unknown
from bot.web.site import Site

_ONE = f"{ROOT}/contacts/{{reference}}/sent/{{number}}"
_POLICY = "default-src 'none'; style-src {}; sandbox; frame-ancestors 'self'; base-uri 'none'"


class LetterPages:
    """The formats of one message of ours."""

    def __init__(self, site: Site, door: Doorkeeper) -> None:
        self._site, self._door = site, door
        # Each takes a process of its own for some seconds.
        self._only_one = asyncio.Semaphore()

    def routes(self) -> list[web.RouteDef]:
        """All of them only show."""
        page = self._door.page
        return [
            web.get(f"{_ONE}/large-print", page(Permission.READ, self._large_print)),
            web.get(f"{_ONE}/large-print.pdf", page(Permission.READ, self._pdf)),
            web.get(f"{_ONE}/text", page(Permission.READ, self._text)),
        ]

    async def _large_print(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        message = await self._read(request, guest)
        if message is None:
            return await unknown(self._door, request, guest)
        letter = self._letter(request, message)
        headers = {"Content-Security-Policy": _POLICY.format(letter.policy)}
        return web.Response(text=letter.page, content_type="text/html", headers=headers)

    async def _pdf(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        message = await self._read(request, guest)
        if message is None:
            return await unknown(self._door, request, guest)
        try:
            async with self._only_one:
                content = await asyncio.to_thread(pdf.of_page, self._letter(request, message).page)
        except pdf.NoPdf as error:
            advice = f"{error} The page in large print can be printed all the same."
            return refusal(request, 503, "There is no PDF of this message", advice, guest)
        return await self._save(request, guest, "large-print.pdf", content)

    async def _text(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        message = await self._read(request, guest)
        if message is None:
            return await unknown(self._door, request, guest)
        words = f"{message.subject}\n\n{message.words}" if message.subject else message.words
        return await self._save(request, guest, "text.txt", words.encode())

    async def _read(self, request: web.Request, guest: Guest) -> Paper | None:
        reference, number = reference_in_path(request, self._site.book.prefix), row_number(request)
        return await self._site.read(lambda c: paper.of(c, reference, number, guest.visitor.scope))

    def _letter(self, request: web.Request, message: Paper) -> Letter:
        # The title is what a window and a file are called by: the reference, and nothing of the person.
        title = reference_in_path(request, self._site.book.prefix)
        head = Letterhead(self._site.settings.template_directories)
        return head.letter(message.page, title, message.language)

    async def _save(self, request: web.Request, guest: Guest, ending: str, content: bytes) -> web.StreamResponse:
        reference, number = reference_in_path(request, self._site.book.prefix), row_number(request)
        await self._door.note(guest, EventKind.MESSAGE_SAVED, {"reference": reference, "sent": number})
        return saved_file(f"{reference}-sent-{number}-{ending}", content)
