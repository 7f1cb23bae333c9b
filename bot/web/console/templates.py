"""The room of the templates: what goes out, on invented contacts, and what is wrong with it."""

import asyncio

from aiohttp import web

from bot.core.roles import Permission
from bot.flows import wordings
from bot.flows.titles import Titles
from bot.render import lint
from bot.render.compose import Composer, Rendered
from bot.render.lint import Finding
from bot.render.samples import SORTS, Sort
from bot.web.console.doorkeeper import ROOT, Doorkeeper, Guest, render
from bot.web.site import Site

# Mails have their style on the elements themselves; nothing else is let in.
FRAME_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'; base-uri 'none'"
# Each shows what the other has not; staff's templates have the second alone.
_PREVIEWED = ("urgent", "ordinary")


class TemplatePages:
    """The list of the templates, each of them, and its HTML for the frame."""

    def __init__(self, site: Site, door: Doorkeeper) -> None:
        self._site, self._door = site, door

    @property
    def _composer(self) -> Composer:
        """The templates as they leave now, with the words of the console over them."""
        return self._site.composer.over(self._site.book.outgoing.board.notices.templates)

    def routes(self) -> list[web.RouteDef]:
        """Looking alone; the words are changed under `words`."""
        page, template_path = self._door.page, f"{ROOT}/templates/{{language}}/{{name}}"
        return [
            web.get(f"{ROOT}/templates", page(Permission.READ, self._list)),
            web.get(template_path, page(Permission.READ, self._show)),
            web.get(f"{template_path}/{{contact}}", page(Permission.READ, self._page)),
        ]

    async def _list(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        # Each is written on several contacts and read again, which takes a while.
        rows = await asyncio.to_thread(
            lambda: [(name, language, *self._counts(name, language)) for name, language in self._composer.names()]
        )
        book = self._site.book
        context = {
            "rows": rows,
            "typed_over": self._typed_over(),
            "services": list(book.intake.router.services.values()),
            "service_words": book.outgoing.board.notices.services,
            "titles": Titles(book),
            "answers": list((await self._site.read(lambda c: wordings.answers_by_name(c, book))).values()),
        }
        return render(request, guest, "templates", context)

    def _typed_over(self) -> set[tuple[str, str]]:
        """The templates whose words are those of the console."""
        return set(self._site.book.outgoing.board.notices.templates)

    def _counts(self, name: str, language: str) -> tuple[int, int]:
        """How many errors and warnings."""
        findings = lint.examine(self._composer, name, language)
        errors = len(lint.errors(findings))
        return errors, len(findings) - errors

    async def _show(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        name, language = self._template_of(request)
        findings, previews = await asyncio.to_thread(self._examined, name, language)
        context = {
            "name": name,
            "language": language,
            "findings": findings,
            "previews": previews,
            "has_page": lint.has_page(name),
            "is_typed": (name, language) in self._typed_over(),
            "may_change": guest.may(Permission.LEAD) and SORTS.get(name, Sort.STAFF) is not Sort.STAFF,
        }
        return render(request, guest, "template", context)

    async def _page(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        name, language = self._template_of(request)
        contact = request.match_info["contact"]
        values = self._composer.samples(name).get(contact) if contact in _PREVIEWED and lint.has_page(name) else None
        if values is None or self._composer.faults(name, language):
            raise web.HTTPNotFound
        preview = await asyncio.to_thread(self._composer.render, name, values, language=language)
        headers = {"Content-Security-Policy": FRAME_POLICY}
        return web.Response(text=preview.html, content_type="text/html", headers=headers)

    def _template_of(self, request: web.Request) -> tuple[str, str]:
        """Compared with what is there, never joined to a path."""
        template = request.match_info["name"], request.match_info["language"]
        if template not in self._composer.names():
            raise web.HTTPNotFound
        return template

    def _examined(self, name: str, language: str) -> tuple[list[Finding], dict[str, Rendered]]:
        return lint.examine(self._composer, name, language), self._previews(name, language)

    def _previews(self, name: str, language: str) -> dict[str, Rendered]:
        return previews(self._composer, name, language)


def previews(composer: Composer, name: str, language: str) -> dict[str, Rendered]:
    """A template by contact; none of one that cannot be used, and none twice."""
    if composer.faults(name, language):
        return {}
    values_by_contact = {contact: values for contact, values in composer.samples(name).items() if contact in _PREVIEWED}
    by_contact: dict[str, Rendered] = {}
    for contact in (preview for preview in _PREVIEWED if preview in values_by_contact):
        preview = composer.render(name, values_by_contact[contact], language=language)
        if preview.text not in {earlier.text for earlier in by_contact.values()}:
            by_contact[contact] = preview
    return by_contact
