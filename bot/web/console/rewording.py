"""Changing the words that go out: messages to people, what receipts say of a service, saved answers."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from bot.core import languages
from bot.core.board import Words
from bot.core.roles import Permission
from bot.core.topics import MOST_RECEIPT_TEXT, MOST_RECEIPT_WORDS
from bot.flows import board
from bot.flows.changes.refusals import Kind, Refused
from bot.flows.desk import rewording
from bot.flows.desk.rewording import Draft, Subject
from bot.flows.titles import Titles
from bot.render import answers, lint, lint_answers
from bot.render.compose import Composer
from bot.render.lint import Finding
from bot.render.words import instant_in_words
from bot.store import wordings
from bot.store.wordings import Sort, Wording
from bot.web.console import flash
from bot.web.console.doorkeeper import ROOT, Doorkeeper, Guest, render
from bot.web.console.templates import FRAME_POLICY, previews
from bot.web.forms import fields_of, number_of, several_of
from bot.web.site import STATUS_OF, Site
from bot.wire import typed

_HERE = f"{ROOT}/words"
_PATH = f"{_HERE}/{{sort}}/{{language}}/{{name}}"
_SAID = {"put": "The new words are in force.", "restore": "The words are in force again."}
_OF_FILE = "The words of the file are in force again."
# What is asked on top, and the placeholders that may stand below.
_TITLES = {Sort.TEMPLATE: "Subject", Sort.SERVICE: "In a short text", Sort.ANSWER: "Title"}


class RewordingPages:
    """One page for each thing whose words can be changed."""

    def __init__(self, site: Site, door: Doorkeeper) -> None:
        self._site, self._door = site, door

    def routes(self) -> list[web.RouteDef]:
        """For those who lead; what each may change is decided by whose the words are."""
        page = self._door.page
        return [
            web.post(_HERE, page(Permission.LEAD, self._begin)),
            web.get(_PATH, page(Permission.LEAD, self._show)),
            web.post(_PATH, page(Permission.LEAD, self._act)),
        ]

    async def _begin(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        """A new saved answer: its name becomes its address."""
        name = (await fields_of(request)).get("name", "").strip().lower().replace(" ", "-")
        if not answers.NAME.fullmatch(name):
            words = "A name begins with a small letter, and has small letters, digits and hyphens only."
            refused = {"heading": "No answer was begun", "advice": words, "typed": {}}
            return render(request, guest, "refused", refused, 422)
        raise web.HTTPSeeOther(f"{_HERE}/{Sort.ANSWER}/en/{name}")

    async def _show(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        thing, session = self._thing(request), guest.visitor.session
        message = flash.words_in(request.query.get("done", ""), session, self._site.book.secret, self._site.now())
        return await self._page(request, guest, thing, message=message)

    def _thing(self, request: web.Request) -> Subject:
        """What the address names. Raises 404."""
        match = request.match_info
        if match["sort"] not in list(Sort):
            raise web.HTTPNotFound
        thing = Subject(Sort(match["sort"]), match["name"], match["language"])
        try:
            rewording.refuse_thing(thing, self._site.composer, self._site.book)
        except Refused as refusal:
            raise web.HTTPNotFound from refusal
        return thing

    async def _page(
        self,
        request: web.Request,
        guest: Guest,
        thing: Subject,
        *,
        draft: Draft | None = None,
        message: str = "",
        refusal: Refused | None = None,
    ) -> web.StreamResponse:
        book = self._site.book
        versions, may_change = await self._site.read(
            lambda c: (
                wordings.versions(c, thing.sort, thing.name, thing.language),
                rewording.may_change(c, thing, guest.visitor, book),
            )
        )
        content = draft or self._in_force(thing, versions)
        findings, texts = await asyncio.to_thread(self._looked_at, thing, content)
        context = {
            "thing": thing,
            "draft": content,
            "is_draft": draft is not None,
            "versions": versions,
            "basis": versions[0].id if versions else 0,
            "is_typed": bool(versions) and not versions[0].withdrawn,
            "may_change": may_change,
            "findings": findings,
            "texts": texts,
            "told": message,
            "fault": refusal.sentence if refusal else "",
            "faults": {refusal.field: refusal.sentence} if refusal and refusal.field else {},
            **self._choices(thing, guest),
        }
        return render(request, guest, "rewording", context, STATUS_OF[refusal.kind] if refusal else 200)

    def _choices(self, thing: Subject, guest: Guest) -> dict[str, Any]:
        book, zone = self._site.book, self._site.book.clocks.default_calendar.zone
        titles = Titles(book)
        is_template = thing.sort is Sort.TEMPLATE
        return {
            "teams": {team: titles.team(team) for team in book.outgoing.teams if guest.visitor.scope.sees(team)},
            "services": {service: titles.service(service) for service in book.intake.router.services},
            "title": _TITLES[thing.sort],
            "most": (MOST_RECEIPT_WORDS, MOST_RECEIPT_TEXT),
            "placeholders": sorted(self._site.composer.samples(thing.name)["nothing"])
            if is_template
            else list(answers.PLACEHOLDERS),
            "constants": sorted(self._site.composer.constants) if is_template else [],
            "has_page": is_template and lint.has_page(thing.name),
            "when": lambda at: instant_in_words(at, zone),
            "html_tag": languages.html_tag(thing.language),
            "direction": languages.direction(thing.language),
            "english": self._english_of(thing),
        }

    def _english_of(self, thing: Subject) -> Words | None:
        """What a translation translates, as it leaves now."""
        if thing.sort is not Sort.TEMPLATE or thing.language == languages.ENGLISH:
            return None
        composer = self._site.composer.over(self._site.book.outgoing.board.notices.templates)
        return composer.source(thing.name, languages.ENGLISH)

    def _in_force(self, thing: Subject, versions: Sequence[Wording]) -> Draft:
        if versions and not versions[0].withdrawn:
            return rewording.draft_of(versions[0])
        return rewording.in_file(thing, self._site.composer, self._site.book) or Draft("", "")

    def _looked_at(self, thing: Subject, draft: Draft) -> tuple[list[Finding], list[str]]:
        """What the lint says, and the words on invented contacts."""
        if not (draft.words or draft.subject):
            return [], []
        return rewording.findings(thing, draft, self._site.composer), self._texts(thing, draft)

    def _texts(self, thing: Subject, draft: Draft) -> list[str]:
        composer = self._site.composer
        match thing.sort:
            case Sort.TEMPLATE:
                trial = self._trial(thing, draft)
                return [preview.text for preview in previews(trial, thing.name, thing.language).values()]
            case Sort.SERVICE:
                now = composer.over(self._site.book.outgoing.board.notices.templates)
                values = {**composer.samples("acknowledgement")["ordinary"], "service_words": draft.words}
                return [now.words("acknowledgement", values)[1]]
            case Sort.ANSWER:
                return [lint_answers.sample_words(composer, rewording.saved_answer(thing, draft))]

    def _trial(self, thing: Subject, draft: Draft) -> Composer:
        return self._site.composer.trying({(thing.name, thing.language): (draft.subject, draft.words)})

    async def _act(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        thing, fields = self._thing(request), await fields_of(request)
        action, draft = fields.get("action", ""), await _draft(request, fields)
        if action == "look":
            return await self._page(request, guest, thing, draft=draft)
        if action == "page":
            return await self._as_page(thing, draft)
        try:
            message = await self._change(thing, draft, action, fields, guest)
        except Refused as refusal:
            typed_words = draft if action == "put" else None
            return await self._page(request, guest, thing, draft=typed_words, refusal=refusal)
        now, book = self._site.now(), self._site.book
        # In this process at once; the others look within seconds.
        await self._site.read(lambda c: board.refresh(c, now, book))
        token = flash.token(message, guest.visitor.session, book.secret, now)
        raise web.HTTPSeeOther(f"{request.path}?done={token}")

    async def _change(self, thing: Subject, draft: Draft, action: str, fields: Mapping[str, str], guest: Guest) -> str:
        """What was done, in words. Raises Refused."""
        visitor, now, book = guest.visitor, self._site.now(), self._site.book
        basis = number_of(fields.get("basis", "")) or 0
        if action == "restore":
            draft = await self._version(thing, number_of(fields.get("version", "")) or 0)
        elif action == "file":
            await self._site.write(lambda c: rewording.withdraw(c, thing, basis, visitor, now, book))
            return _OF_FILE
        elif action != "put":
            raise web.HTTPBadRequest
        examined = await asyncio.to_thread(rewording.examine, thing, draft, self._site.composer)
        await self._site.write(lambda c: rewording.put(c, examined, basis, visitor, now, book))
        return _SAID[action]

    async def _version(self, thing: Subject, number: int) -> Draft:
        versions = await self._site.read(lambda c: wordings.versions(c, thing.sort, thing.name, thing.language))
        version = next((version for version in versions if version.id == number and not version.withdrawn), None)
        if version is None:
            raise Refused("there is no such version any more", kind=Kind.CONFLICT)
        return rewording.draft_of(version)

    async def _as_page(self, thing: Subject, draft: Draft) -> web.Response:
        """The mail as HTML, for the frame."""
        if thing.sort is not Sort.TEMPLATE or not lint.has_page(thing.name):
            raise web.HTTPNotFound
        pages = await asyncio.to_thread(previews, self._trial(thing, draft), thing.name, thing.language)
        text = next((preview.html for preview in pages.values()), "<!DOCTYPE html><p>It cannot be shown.</p>")
        return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": FRAME_POLICY})


async def _draft(request: web.Request, fields: Mapping[str, str]) -> Draft:
    return Draft(
        subject=typed.line(fields.get("subject", "")),
        words=typed.paragraphs(fields.get("words", "")),
        teams=tuple(sorted(set(await several_of(request, "team")))),
        service=fields.get("service", ""),
        note=typed.line(fields.get("note", "")),
    )
