"""The desk: a call, a letter or a visit is taken down, and what the person needs of us is noted while they are here."""

import secrets
from datetime import datetime

from aiohttp import web
from sqlalchemy import Connection

from bot.core import references
from bot.core.messages import Inbound
from bot.core.roles import Permission, Scope
from bot.flows.changes import classify, needs, record
from bot.flows.changes.record import Recorded
from bot.store import queue
from bot.store.needs import Needs
from bot.web.console.doorkeeper import ROOT, Doorkeeper, Guest, refusal, render
from bot.web.console.shunted import prefilled
from bot.web.forms import fields_of, several_of
from bot.web.site import Site

FIELDS = (
    *("how", "name", "email", "phone", "address", "postcode", "subject", "text", "service", "prefers", "received_at"),
    *("token", "desk", "of", "more"),
)


class DeskPages:
    """The form of the desk, and what it says when something is taken down."""

    def __init__(self, site: Site, door: Doorkeeper) -> None:
        self._site, self._door = site, door

    def routes(self) -> list[web.RouteDef]:
        """Looking, and recording."""
        page = self._door.page
        return [
            web.get(f"{ROOT}/record", page(Permission.ACT, self._desk)),
            web.post(f"{ROOT}/record", page(Permission.ACT, self._record)),
        ]

    async def _desk(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        of, scope = request.query.get("of", ""), guest.visitor.scope
        known, noted = await self._site.read(lambda c: self._person(c, of, scope))
        chosen, more = needs.chosen(noted.needs if noted else "")
        known = {**known, "more": more, **await prefilled(self._site, guest, request.query.get("shunted", ""))}
        return self._page(request, guest, known, chosen)

    def _person(self, c: Connection, of: str, scope: Scope) -> tuple[dict[str, str], Needs | None]:
        """What is known of whoever calls: the person of that contact."""
        named = references.find(of, self._site.book.prefix)
        contact = queue.visible(c, named[0], scope) if named else None
        if contact is None:
            return {}, None
        return {**needs.known_of(c, contact), "of": contact.reference}, needs.needs_of(c, contact.id)

    def _page(
        self,
        request: web.Request,
        guest: Guest,
        typed: dict[str, str],
        chosen: list[str],
        faults: tuple[tuple[str, str], ...] = (),
    ) -> web.StreamResponse:
        context = {
            "typed": {**dict.fromkeys(FIELDS, ""), **typed},
            "faults": dict(faults),
            "token": typed.get("token") or secrets.token_urlsafe(16),
            "services": classify.known("service", self._site.book),
            "desks": list(self._site.desks),
            "sends_texts": any(desk.sends_texts for desk in self._site.desks.values()),
            "need_words": needs.USUAL,
            "chosen": chosen,
            "recorded": None,
        }
        return render(request, guest, "record", context, 422 if faults else 200)

    async def _record(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        values, chosen = await fields_of(request), await needs_ticked(request)
        desks = self._site.desks
        desk = desks.get(values.get("desk", "")) or next(iter(desks.values()))
        received_at, fault = self._received(values.get("received_at", "").strip())
        token = values.get("token", "")[:40] or secrets.token_urlsafe(16)
        found = desk.record(values, token, received_at)
        ours = {"service": classify.why_unknown("service", values.get("service", "").strip(), self._site.book)}
        faults = tuple((name, words) for name, words in (ours | {"received_at": fault}).items() if words)
        if faults or not isinstance(found, Inbound):
            faults = faults if isinstance(found, Inbound) else (*found.faults, *faults)
            return self._page(request, guest, {**values}, chosen, faults)
        filed = await self._site.log(found)
        if filed.reference is None:
            return refusal(request, 500, "It could not be logged", "It is kept as it came. Staff are told.", guest)
        reference, now, actor = filed.reference, self._site.now(), guest.visitor.actor
        needed = needs.SEPARATOR.join([*chosen, *([more] if (more := values.get("more", "").strip()) else [])])
        of, scope = values.get("of", ""), guest.visitor.scope

        def keep(c: Connection) -> tuple[Recorded, Needs | None]:
            done = record.taken_down(c, reference, actor, now)
            if done.new:
                self._note_person(c, done, (of, scope), (needed, actor, now))
            return done, needs.needs_of(c, done.contact.id)

        done, noted = await self._site.write(keep)
        context = {
            "recorded": done.contact,
            "respond_by": self._site.book.respond_by(done.contact),
            "told_by": found.told_by,
            "said": found.fields,
            "needs": noted,
        }
        return render(request, guest, "record", context)

    def _note_person(
        self, c: Connection, done: Recorded, known: tuple[str, Scope], noting: tuple[str, str, datetime]
    ) -> None:
        """Link it with the contact from which the desk was opened, and note what the person needs."""
        (of, scope), (needed, actor, now) = known, noting
        named = references.find(of, self._site.book.prefix)
        before = queue.visible(c, named[0], scope) if named else None
        if before is not None and before.id != done.contact.id:
            record.same_person(c, done.contact, before, actor, now)
        noted = needs.needs_of(c, done.contact.id)
        # From a contact the form showed what is noted, so that what is gone from it is meant to be gone.
        wanted = needed if before is not None else needs.joined(noted.needs if noted else "", needed)
        if wanted != (noted.needs if noted else ""):
            needs.note_needs(c, done.contact, wanted, actor, now)

    def _received(self, text: str) -> tuple[datetime | None, str]:
        if not text:
            return None, ""
        try:
            local = datetime.fromisoformat(text)
        except ValueError:
            return None, "Enter a day and a time, like 2026-11-24 09:30"
        at = local if local.tzinfo else local.replace(tzinfo=self._site.book.default_calendar.zone)
        now = self._site.now()
        if at > now:
            return None, "It cannot have come in the future"
        if (now - at).days > 366:
            return None, "It must have come within the last year"
        return at, ""


async def needs_ticked(request: web.Request) -> list[str]:
    """Which of the usual needs are ticked in a form that was posted."""
    return [one for one in await several_of(request, "need") if one in needs.USUAL]
