"""Reading by the API: lists and searches, one contact with all that belongs to it, and the events."""

from dataclasses import replace
from http import HTTPStatus

from aiohttp import web
from sqlalchemy import Connection

from bot.core.contacts import Contact
from bot.core.events import Event, EventKind, StoredEvent
from bot.flows.changes import needs
from bot.flows.desk import message_view
from bot.flows.residents import door
from bot.flows.staffing import Visitor
from bot.store import audit, contacts, feedback, format_tasks, merging, notes, queue, settled
from bot.store.format_tasks import FormatTask
from bot.web.api import calls, models, requests
from bot.web.api.answers import facts_of, json_of, no_contact, reference_of
from bot.web.api.bulk import BulkReads
from bot.web.api.problems import Problem
from bot.web.forms import number_of
from bot.web.site import Site, loop_time
from bot.wire.mail import mime

_MOST_NOTES = 100


class Reading:
    """What can be read on `site`; the audit trail tells of whoever reads many contacts."""

    def __init__(self, site: Site) -> None:
        self._site, self._bulk = site, BulkReads()

    async def search(self, request: web.Request, visitor: Visitor) -> web.Response:
        """List or search contacts."""
        query = calls.query_of(requests.Search, request)
        names = ("state", "which", "team", "owner", "service", "area", "channel", "language")
        dates = ("received_from", "received_before")
        criteria = queue.Criteria(**{name: getattr(query, name) for name in (*names, *dates)}, words=query.q)
        after, now = int(query.cursor or 0), self._site.now()
        page = await self._site.read(
            lambda c: queue.after(c, criteria, visitor.scope, now, cursor=after, most=query.limit)
        )
        views = [
            models.ContactView.model_validate(facts_of(contact, models.ContactView, self._site))
            for contact in page.contacts
        ]
        await self._note_bulk(visitor, len(views))
        next_cursor = str(page.next_cursor) if page.next_cursor is not None else None
        return json_of(models.ContactPage(contacts=views, next=next_cursor))

    async def show(self, request: web.Request, visitor: Visitor) -> web.Response:
        """Read one contact."""
        reference = reference_of(request, self._site)

        def read(c: Connection) -> models.ContactDetail | None:
            contact = queue.visible(c, reference, visitor.scope)
            if contact is None:
                return None
            facts, together = facts_of(contact, models.ContactView, self._site), merging.together(c, contact.id)
            survivor = merging.survivors(c, [contact]).get(contact.id)
            arrived = [
                models.MessageView(
                    id=str(message.id),
                    written_by=message.written_by,
                    channel=message.channel,
                    received_at=message.received_at,
                    text=message.text,
                )
                for message in contacts.messages_of(c, *together)
            ]
            person_needs, opinion = needs.needs_of(c, contact.id), feedback.of(c, contact.id)
            return models.ContactDetail.model_validate(
                facts
                | {
                    "standard": contact.standard or "",
                    "needs": person_needs.needs if person_needs else "",
                    "tracking_url": self._page_of_person(c, contact),
                    "need_codes": contact.need_codes.split(),
                    "formats": [_format(task) for task in format_tasks.of_contacts(c, [contact.id])],
                    "goes_on_in": survivor.reference if survivor and visitor.scope.sees(survivor.team) else "",
                    "feedback": models.view_of_feedback(opinion, reference) if opinion else None,
                    "messages": arrived,
                    "notes": [
                        models.NoteView(at=note.at, actor=note.actor, words=note.words)
                        for note in notes.of(c, together, _MOST_NOTES)
                    ],
                }
            )

        answer = await self._site.read(read)
        if answer is None:
            raise no_contact(reference)
        await self._note_bulk(visitor, 1)
        return json_of(answer)

    async def feedback(self, request: web.Request, visitor: Visitor) -> web.Response:
        """Read what people say of our answers."""
        paging = calls.query_of(requests.Paging, request)
        after = int(paging.cursor or 0)
        rows = await self._site.read(lambda c: feedback.after(c, visitor.scope, after, paging.limit))
        views = [models.view_of_feedback(row, contact.reference) for row, contact in rows]
        await self._note_bulk(visitor, len(views))
        next_cursor = str(rows[-1][0].contact_id) if len(rows) == paging.limit else None
        return json_of(models.FeedbackPage(feedback=views, next=next_cursor))

    def _page_of_person(self, c: Connection, contact: Contact) -> str:
        """The address of the page for the person; "" where it has none, or our pages stand nowhere."""
        url, book = self._site.public_url, self._site.book
        has_page = url and not door.why_no_page(c, contact, self._site.now(), book)
        return f"{url}{door.path_of(contact, book)}" if has_page else ""

    async def sent(self, request: web.Request, visitor: Visitor) -> web.Response:
        """Read what we sent about a contact."""
        reference = reference_of(request, self._site)
        departures = await self._site.read(lambda c: message_view.departures_of(c, reference, visitor.scope))
        if departures is None:
            raise no_contact(reference)
        await self._note_bulk(visitor, 1)
        return json_of(models.SentMessages(messages=[view for d in departures for view in models.views_of_sent(d)]))

    async def stream(self, request: web.Request, visitor: Visitor) -> web.Response:
        """Follow what happens to all contacts."""
        paging = calls.query_of(requests.Paging, request)
        after = int(paging.cursor or 0)
        up_to = await self._site.read(settled.up_to)
        events, last = await self._site.read(lambda c: audit.stream(c, after, up_to, visitor.scope, paging.limit))
        views = list(map(_event, events))
        await self._note_bulk(visitor, len({event.reference for event in events}))
        return json_of(models.EventPage(events=views, next=str(last)))

    async def history(self, request: web.Request, visitor: Visitor) -> web.Response:
        """Read what happened to one contact, the oldest first."""
        paging, reference = calls.query_of(requests.Paging, request), reference_of(request, self._site)
        after = int(paging.cursor or 0)
        up_to = await self._site.read(settled.up_to)

        def read(c: Connection) -> list[StoredEvent] | None:
            contact = queue.visible(c, reference, visitor.scope)
            if contact is None:
                return None
            numbered = (event for event in contacts.events_of(c, contact.id) if after < event.id <= up_to)
            page_events = [event for event in numbered if event.kind != EventKind.REFUSED][: paging.limit]
            return [replace(event, reference=reference) for event in audit.as_seen(c, page_events, visitor.scope)]

        events = await self._site.read(read)
        if events is None:
            raise no_contact(reference)
        await self._note_bulk(visitor, 1)
        last = events[-1].id if len(events) == paging.limit else max(after, up_to)
        return json_of(models.EventPage(events=list(map(_event, events)), next=str(last)))

    async def files(self, request: web.Request, visitor: Visitor) -> web.Response:
        """List the files that came with a message."""
        attachments = mime.attachments(await self._mail(request, visitor))
        views = [
            models.FileView(number=number, name=file.name, kind=file.kind, size=file.size)
            for number, file in enumerate(attachments, 1)
        ]
        return json_of(models.Files(files=views))

    async def file(self, request: web.Request, visitor: Visitor) -> web.Response:
        """Read one of them, which nobody has looked at: it is handed over as it came, to be saved."""
        files, number = mime.files(await self._mail(request, visitor)), number_of(request.match_info["file"]) or 0
        if not 0 < number <= len(files):
            raise Problem(HTTPStatus.NOT_FOUND, "There is no such file.")
        reference, message = reference_of(request, self._site), request.match_info["number"]
        details = {"reference": reference, "message": number_of(message), "file": number}
        event = Event(None, self._site.now(), EventKind.MESSAGE_SAVED, visitor.actor, details)
        await self._site.write(lambda c: contacts.note(c, [event]))
        headers = {
            "Content-Disposition": f'attachment; filename="{reference}-{message}-{number}"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        }
        return web.Response(body=files[number - 1].content, content_type="application/octet-stream", headers=headers)

    async def _mail(self, request: web.Request, visitor: Visitor) -> bytes:
        """The mail as it came, "" for a message that is none; raises Problem where there is no such message."""
        reference, book = reference_of(request, self._site), self._site.book
        number = number_of(request.match_info["number"]) or 0

        def read(c: Connection) -> tuple[bool, bytes]:
            words = message_view.words_of(c, reference, number, visitor.scope)
            original = message_view.kept_of(c, reference, number, visitor.scope, book)
            return words is not None, original.raw if original and original.is_mail else b""

        is_there, raw = await self._site.read(read)
        if not is_there:
            raise Problem(HTTPStatus.NOT_FOUND, "There is no such message.")
        await self._note_bulk(visitor, 1)
        return raw

    async def _note_bulk(self, visitor: Visitor, count: int) -> None:
        """Let the audit trail tell of whoever reads many contacts."""
        if total := self._bulk.add(visitor.actor, count, loop_time()):
            event = Event(None, self._site.now(), EventKind.READ_IN_BULK, visitor.actor, {"contacts": total})
            await self._site.write(lambda c: contacts.note(c, [event]))


def _event(event: StoredEvent) -> models.EventView:
    return models.EventView(
        id=str(event.id),
        at=event.at,
        kind=event.kind,
        actor=event.actor,
        reference=event.reference,
        details=dict(event.details),
    )


def _format(task: FormatTask) -> models.FormatView:
    return models.FormatView(
        message=str(task.delivery_id),
        needs=task.need_codes.split(),
        language=task.language,
        created_at=task.created_at,
        made_at=task.made_at,
    )
