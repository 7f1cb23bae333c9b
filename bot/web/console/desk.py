"""The desk: a call, a letter or a visit is taken down, and what the person needs of us is noted while they are here."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

from aiohttp import web
from sqlalchemy import Connection

from bot.core import speech, threads
from bot.core.contacts import Contact
from bot.core.messages import Inbound
from bot.core.needs import SEPARATOR, as_column
from bot.core.needs import codes as needs_codes
from bot.core.roles import Permission, Scope
from bot.core.urgencies import Rule
from bot.flows.changes import classify, link, needs, record
from bot.flows.changes.refusals import Refused
from bot.flows.desk import wishes
from bot.flows.desk.wishes import WishView
from bot.flows.rulebook import Rulebook
from bot.store import contacts, queue
from bot.store.needs import Needs
from bot.web.console.doorkeeper import ROOT, Doorkeeper, Guest, refusal, render
from bot.web.console.shunted import prefilled
from bot.web.console.wishes import LANGUAGE_CHOICES
from bot.web.forms import fields_of, several_of
from bot.web.site import Site

Faults = tuple[tuple[str, str], ...]
FIELDS = (
    *("how", "name", "email", "phone", "address", "postcode", "subject", "text", "service", "prefers", "received_at"),
    *("token", "desk", "of", "more", "language"),
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
        fields, person_needs = await self._site.read(lambda c: self._person(c, of, scope))
        usual_needs, more = needs.usual_and_other(person_needs.needs if person_needs else "")
        language = person_needs.language if person_needs else ""
        fields = {
            **fields,
            "more": more,
            "language": language,
            **await prefilled(self._site, guest, request.query.get("shunted", "")),
        }
        return self._page(request, guest, fields, usual_needs)

    def _person(self, c: Connection, of: str, scope: Scope) -> tuple[dict[str, str], Needs | None]:
        """What is known of whoever calls: the person of that contact."""
        references_in_address = threads.references_in(of, self._site.book.prefix)
        contact = queue.visible(c, references_in_address[0], scope) if references_in_address else None
        if contact is None:
            return {}, None
        return {**needs.person_of(c, contact), "of": contact.reference}, needs.needs_of(c, contact.id)

    def _page(
        self,
        request: web.Request,
        guest: Guest,
        values: dict[str, str],
        usual_needs: list[str],
        faults: Faults = (),
        danger: Rule | None = None,
    ) -> web.StreamResponse:
        context = {
            "danger": danger,
            "typed": {**dict.fromkeys(FIELDS, ""), **values},
            "faults": dict(faults),
            "token": values.get("token") or secrets.token_urlsafe(16),
            "services": classify.choices("service", self._site.book),
            "desks": list(self._site.desks),
            "sends_texts": any(desk.sends_texts for desk in self._site.desks.values()),
            "need_words": needs.USUAL,
            "languages": LANGUAGE_CHOICES,
            "chosen": usual_needs,
            "recorded": None,
        }
        return render(request, guest, "record", context, 422 if faults else 200)

    async def _record(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        values, ticked = await fields_of(request), await needs_ticked(request)
        needs_words = needs_typed(values, ticked)
        wish = (needs_words, values.get(needs.LANGUAGE, ""))
        message, faults = self._read(values, needs_words)
        if message is None:
            # The caller is told what to do at once, although something else that was typed is wrong.
            danger = await asyncio.to_thread(danger_in, values, self._site.book)
            return self._page(request, guest, {**values}, ticked, faults, danger)
        filing = await self._site.log_taken_down(message)
        if filing.reference is None:
            return refusal(request, 500, "It could not be logged", "It is kept as it came. Staff are told.", guest)
        reference, now, actor = filing.reference, self._site.now(), guest.visitor.actor
        of, scope = values.get("of", ""), guest.visitor.scope

        def keep(c: Connection) -> tuple[Contact, WishView]:
            record_of = record.taken_down(c, reference, actor, now)
            if record_of.new:
                self._note_person(c, record_of.contact, (of, scope), wish, (actor, now))
            (contact,) = contacts.with_id(c, [record_of.contact.id]).values()
            return contact, wishes.of(contact, needs.needs_of(c, contact.id))

        contact, wish_view = await self._site.write(keep)
        context = {
            "recorded": contact,
            "danger": self._site.book.intake.urgency(contact),
            "respond_by": self._site.book.clocks.respond_by(contact),
            "told_by": message.told_by,
            "said": message.fields,
            "wishes": wish_view,
        }
        return render(request, guest, "record", context)

    def _read(self, values: Mapping[str, str], needs_words: str) -> tuple[Inbound | None, Faults]:
        """What was typed as a message, or every field of it that is wrong."""
        desks, now = self._site.desks, self._site.now()
        desk = desks.get(values.get("desk", "")) or next(iter(desks.values()))
        received_at, fault = self._received(values.get("received_at", "").strip())
        token = values.get("token", "")[:40] or secrets.token_urlsafe(16)
        codes = as_column(needs_codes(needs_words))
        message = desk.record({**values, "needs": codes}, token, min(received_at, now) if received_at else None)
        faults = [("received_at", fault)] if fault else []
        refusals = record.refusals(values.get("service", "").strip(), received_at, now, self._site.book)
        faults += [(refusal.field, refusal.sentence) for refusal in refusals]
        try:
            needs.validate(needs_words)
            needs.known_language(values.get(needs.LANGUAGE, ""))
        except Refused as refusal:
            faults.append(("more" if refusal.field == needs.FIELD else refusal.field, refusal.sentence))
        if isinstance(message, Inbound):
            return (None if faults else message), tuple(faults)
        return None, (*message.faults, *faults)

    def _note_person(
        self,
        c: Connection,
        contact: Contact,
        origin: tuple[str, Scope],
        wish: tuple[str, str],
        noting: tuple[str, datetime],
    ) -> None:
        """Link it with the contact from which the desk was opened, and note what the person needs."""
        (of, scope), (needs_words, language), (actor, now) = origin, wish, noting
        matches = threads.references_in(of, self._site.book.prefix)
        before = queue.visible(c, matches[0], scope) if matches else None
        if before is None:
            needs.add_needs(c, contact, needs_words, actor, now, language=language)
            return
        if before.id != contact.id:
            link.same_person(c, contact, before, actor, now)
        # The form showed what is noted, so that what is gone from it is meant to be gone.
        needs.note_needs(c, contact, needs_words, actor, now, language=language)

    def _received(self, text: str) -> tuple[datetime | None, str]:
        if not text:
            return None, ""
        try:
            local = datetime.fromisoformat(text)
        except ValueError:
            return None, "Enter a day and a time, like 2026-11-24 09:30"
        return local if local.tzinfo else local.replace(tzinfo=self._site.book.clocks.default_calendar.zone), ""


async def needs_ticked(request: web.Request) -> list[str]:
    """Which of the usual needs are ticked in a form that was posted."""
    return [need for need in await several_of(request, "need") if need in needs.USUAL]


def needs_typed(values: Mapping[str, str], ticked: Sequence[str]) -> str:
    """Everything that a form says of what the person needs: what is ticked, and what is typed besides."""
    more = values.get("more", "").strip()
    return SEPARATOR.join([*ticked, *([more] if more else [])])


def danger_in(values: Mapping[str, str], book: Rulebook) -> Rule | None:
    """The rule that fires at what was typed, as it fires at every message."""
    subject, text = values.get("subject", ""), values.get("text", "")
    urgency = speech.urgency_of(speech.Message(subject, text, ours=book.intake.words_of_ours), book.intake.urgent)
    return urgency.rule if urgency else None
