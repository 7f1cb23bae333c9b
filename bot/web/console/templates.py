"""The room of the templates: what goes out, on invented contacts, and what is wrong with it."""

import asyncio
from typing import NamedTuple

from aiohttp import web

from bot.core.languages import ENGLISH, LANGUAGES, direction, html_tag
from bot.core.roles import Permission
from bot.flows import wordings
from bot.flows.titles import Titles
from bot.render import lint, pdf
from bot.render.compose import Composer, Rendered
from bot.render.front_matter import BadTemplate
from bot.render.letters import Letterhead
from bot.render.lint import Finding
from bot.render.previews import Format, Reader, formats, on_values, template_of, values_of
from bot.render.samples import SORTS, Sort
from bot.web.console.doorkeeper import ROOT, Doorkeeper, Guest, refusal, render
from bot.web.console.downloads import saved_file
from bot.web.site import Site

# Mails have their style on the elements themselves; nothing else is let in.
FRAME_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'; base-uri 'none'"
# Each shows what the other has not; staff's templates have the second alone.
_PREVIEWED = ("urgent", "ordinary")
Previews = dict[str, Rendered]


class Row(NamedTuple):
    """A template in the list: how many errors and warnings it has, and who checked the translation."""

    name: str
    language: str
    errors: int
    warnings: int
    checked: str


class TemplatePages:
    """The list of the templates, each of them, and its HTML for the frame."""

    def __init__(self, site: Site, door: Doorkeeper) -> None:
        self._site, self._door = site, door
        self._examined_last: tuple[Composer | None, list[Row]] = (None, [])

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
        rows = await asyncio.to_thread(self._rows)
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

    def _rows(self) -> list[Row]:
        """Every template of the languages that are offered; looked at once, as long as no words change."""
        composer, offered = self._composer, {ENGLISH, *self._offered}
        if self._examined_last[0] is not composer:
            names = [pair for pair in composer.names() if pair[1] in offered]
            self._examined_last = (composer, [_row(composer, name, language) for name, language in names])
        return self._examined_last[1]

    @property
    def _offered(self) -> tuple[str, ...]:
        return self._site.settings.organisation.languages

    async def _show(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        name, language = self._template_of(request)
        findings, previews, in_english = await asyncio.to_thread(self._examined, name, language)
        context = {
            "in_english": in_english,
            "html_tag": html_tag,
            "direction": direction,
            "title": LANGUAGES[language].english_name if language in LANGUAGES else language,
            "checked": _check_of(self._composer, name, language),
            "languages": [code for template, code in self._composer.names() if template == name],
            "formats": [form for form in formats(name) if form not in (Format.TEXT, Format.HTML)],
            "has_pdf": pdf.is_there(),
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
        contact, form = request.match_info["contact"], request.query.get("format", Format.HTML)
        values = self._composer.samples(name).get(contact) if contact in _PREVIEWED else None
        if values is None or form not in formats(name) or form == Format.TEXT or self._composer.faults(name, language):
            raise web.HTTPNotFound
        reader, template = Reader(language, self._offered), template_of(name, Format(form))
        preview = await asyncio.to_thread(on_values, self._composer, template, reader, Format(form), values)
        if form == Format.PDF:
            return await self._as_pdf(request, guest, preview, language)
        headers = {"Content-Security-Policy": FRAME_POLICY}
        return web.Response(text=preview.html, content_type="text/html", headers=headers)

    async def _as_pdf(self, request: web.Request, guest: Guest, preview: Rendered, language: str) -> web.StreamResponse:
        letterhead = Letterhead(self._site.settings.template_directories)
        letter = letterhead.letter(preview.html, preview.subject, language)
        try:
            content = await asyncio.to_thread(pdf.of_page, letter.page)
        except pdf.NoPdf as error:
            return refusal(request, 503, "There is no PDF of this message", str(error), guest)
        return saved_file(f"{request.match_info['name']}-{language}.pdf", content)

    def _template_of(self, request: web.Request) -> tuple[str, str]:
        """Compared with what is there, never joined to a path."""
        template = request.match_info["name"], request.match_info["language"]
        if template not in self._composer.names():
            raise web.HTTPNotFound
        return template

    def _examined(self, name: str, language: str) -> tuple[list[Finding], Previews, Previews]:
        """What is wrong with it, the message on invented contacts, and the English of a translation."""
        composer = self._composer
        in_english = {} if language == ENGLISH else previews(composer, name, ENGLISH)
        return lint.examine(composer, name, language), previews(composer, name, language), in_english


def _row(composer: Composer, name: str, language: str) -> Row:
    """A template with the number of its errors and of its warnings, and who checked it."""
    findings = lint.examine(composer, name, language)
    errors = len(lint.errors(findings))
    return Row(name, language, errors, len(findings) - errors, _check_of(composer, name, language))


def _check_of(composer: Composer, name: str, language: str) -> str:
    """Who checked a translation, and when; "" where nobody has, and for English."""
    try:
        check = composer.checked(name, language)
    except BadTemplate:
        return ""
    return " on ".join(check) if check else ""


def previews(composer: Composer, name: str, language: str) -> Previews:
    """A template by contact; none of one that cannot be used, and none twice."""
    if composer.faults(name, language):
        return {}
    values_by_contact = {contact: values for contact, values in composer.samples(name).items() if contact in _PREVIEWED}
    by_contact: Previews = {}
    for contact in (preview for preview in _PREVIEWED if preview in values_by_contact):
        values = values_of(composer, values_by_contact[contact], language)
        preview = composer.render(name, values, language=language)
        if preview.text not in {earlier.text for earlier in by_contact.values()}:
            by_contact[contact] = preview
    return by_contact
