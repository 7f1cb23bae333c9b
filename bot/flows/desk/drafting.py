"""What an officer is writing to a person: kept as it is typed, shown to colleagues as a name, put back by an undo.

A draft is nothing that happened to the contact: it leaves no event, and nobody is told of its words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.core import files
from bot.core.answers import MOST_CHARACTERS
from bot.core.contacts import Contact
from bot.core.events import EventKind
from bot.core.files import File
from bot.flows import wordings
from bot.flows.changes import answer, refusals
from bot.flows.changes.refusals import Refused
from bot.flows.rulebook import Rulebook
from bot.flows.staffing import Visitor
from bot.render import answers
from bot.store import audit, drafts, staff_answers
from bot.store.drafts import Draft
from bot.wire.mail import attached

# A mail program of today has longer subjects nowhere.
_MOST_SUBJECT = 200


@dataclass(frozen=True, slots=True)
class Pen:
    """Who writes on which contact; `owner` is their address."""

    contact: Contact
    owner: str
    name: str

    @classmethod
    def of(cls, contact: Contact, visitor: Visitor) -> "Pen":
        """The pen of somebody who is signed in."""
        account = visitor.account
        return cls(contact, visitor.address, account.name if account else "")

    def draft(self, fields: Mapping[str, str]) -> Draft:
        """What was typed into the box, cut where it is longer than anything that can leave."""
        words = fields.get("words", "").replace("\r\n", "\n")[:MOST_CHARACTERS]
        subject = " ".join(fields.get("subject", "").split())[:_MOST_SUBJECT]
        kind, way = (fields.get(name, "")[:40] for name in ("kind", "channel"))
        return Draft(self.contact.id, self.owner, words, subject, kind, way)


def keep(connection: Connection, pen: Pen, fields: Mapping[str, str], last_event: int | None, now: datetime) -> bool:
    """Keep what is typed. False for what a page sends late, whose answer its writer has sent meanwhile."""
    if _has_answered(connection, pen, last_event):
        return False
    drafts.save(connection, pen.draft(fields), now)
    return True


def is_sent(connection: Connection, pen: Pen, fields: Mapping[str, str], last_event: int | None) -> bool:
    """Whether these very words were sent from the same page before: its button was pressed twice."""
    if not _has_answered(connection, pen, last_event):
        return False
    newest = staff_answers.of_contact(connection, pen.contact.id)[-1]
    words: str = newest.details.get("words", "")
    return words == pen.draft(fields).words.strip()


def _has_answered(connection: Connection, pen: Pen, last_event: int | None) -> bool:
    """Whether the last thing that anybody did is their own answer, after that event."""
    last = audit.last_by_others(connection, pen.contact.id)
    is_own = last is not None and last.kind == EventKind.ANSWER_WRITTEN and last.actor == f"staff:{pen.owner}"
    return last is not None and is_own and last_event is not None and last.id > last_event


def add_files(connection: Connection, pen: Pen, new: Sequence[File], book: Rulebook) -> None:
    """Keep files with the draft. Raises Refused, without keeping any of them."""
    harmless_files = [File(attached.harmless(file.name), file.content) for file in new]
    before = [File(name, content) for name, content in drafts.contents_of(connection, pen.contact.id, pen.owner)]
    if reason := files.why_not([*before, *harmless_files], book.outgoing.answering.most_bytes):
        raise Refused(reason, "files")
    for file in harmless_files:
        drafts.add_file(connection, pen.contact.id, pen.owner, file.name, file.content)


def insert(
    connection: Connection, pen: Pen, name: str, constants: Mapping[str, str], now: datetime, book: Rulebook
) -> None:
    """Put the words of a saved answer below what is typed. Raises Refused."""
    draft = drafts.of(connection, pen.contact.id, pen.owner) or Draft(pen.contact.id, pen.owner, "")
    words = "\n\n".join(
        part for part in (draft.words.rstrip(), saved_words(connection, pen, name, constants, book)) if part
    )
    drafts.save(connection, replace(draft, words=refusals.short_text(words, "words", MOST_CHARACTERS)), now)


def saved_words(connection: Connection, pen: Pen, name: str, constants: Mapping[str, str], book: Rulebook) -> str:
    """The words of a saved answer, filled in for this contact. Raises Refused."""
    offer = wordings.saved_answers(connection, pen.contact.team, book)
    choice = next((answer for answer in offer if answer.name == name), None)
    if choice is None:
        raise Refused("choose one of the saved answers", "saved")
    return answers.fill(choice.words, wordings.answer_values(pen.contact, constants, pen.name, book))


def take_back(connection: Connection, pen: Pen, actor: str, now: datetime) -> None:
    """Undo the answer that has not left, and put its words back into the box. Raises Refused."""
    former = answer.undo(connection, pen.contact.reference, actor, now)
    drafts.drop(connection, pen.contact.id, pen.owner)
    draft = Draft(pen.contact.id, pen.owner, former.words, former.subject, former.kind, former.channel)
    drafts.save(connection, draft, now)
    for file in former.files:
        drafts.add_file(connection, pen.contact.id, pen.owner, file.name, file.content)


def colleagues(connection: Connection, pen: Pen, zone: ZoneInfo, now: datetime) -> str:
    """Who else is writing here now, as a sentence; "" for nobody."""
    writers = drafts.writers(connection, pen.contact.id, pen.owner, now)
    if not writers:
        return ""
    names = [f"{writer.name or writer.address} (since {writer.since.astimezone(zone):%H:%M})" for writer in writers]
    if len(writers) == 1:
        writer = writers[0]
        since = f"{writer.since.astimezone(zone):%H:%M}"
        return f"{writer.name or writer.address} has been writing here since {since}."
    return f"{', '.join(names[:-1])} and {names[-1]} are writing here."
