"""A store in which every column that can hold something of a person does: written by the flows, with marks to look for.

Each word of a person begins with the mark of whose it is (`MARKS`), so that it can be looked for in every column, in
the file and in an export. Where a new column is to be filled, add what fills it to `fill`.
"""

import re
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, insert, update

from bot.channel import Batch, Temporary
from bot.core.contacts import Contact
from bot.core.deliveries import Delivery, Purpose
from bot.core.deputies import Away
from bot.core.duties import Shift
from bot.core.feedback import FeedbackRules
from bot.core.files import File
from bot.core.histories import Kind
from bot.core.improvements import Improvement
from bot.core.messages import Inbound, Party, Post, RemoteFile
from bot.core.phrases import Phrases
from bot.core.reports import Report, State
from bot.core.roles import Role
from bot.core.spells import Spell
from bot.core.urgencies import Rule
from bot.flows import staffing
from bot.flows.changes import answer, assign, close, forget, needs, note, respond
from bot.flows.changes.adjust import ClockChange, Word, adjust
from bot.flows.changes.answer import Answer
from bot.flows.changes.assignees import Holder
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import receive
from bot.flows.outgoing import alert, deliver
from bot.flows.outgoing.compose import MessageWriter
from bot.flows.outgoing.deliver import Attempt, ClaimTerms
from bot.flows.residents import opinion
from bot.flows.rulebook import Rulebook, Team, Way
from bot.store import (
    contacts,
    drafts,
    duties,
    feedback,
    figures,
    format_tasks,
    improvements,
    outbox,
    reports,
    shunt,
    staff,
    suppressions,
    tokens,
    views,
    wordings,
    words,
)
from bot.store.drafts import Draft
from bot.store.format_tasks import FormatTask
from bot.store.personal_data import Whose
from bot.store.staff import Account
from bot.store.tables import needs as needs_table
from bot.store.tables import throttles
from bot.store.tokens import Token
from bot.store.wordings import Sort, Wording
from bot.wire import passwords
from bot.wire.mail import mime
from tests.render.letters import COMPOSER
from tests.rulebooks import altered

NOW = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)
MARKS = {Whose.RESIDENT: "resmark", Whose.STAFF: "stfmark", Whose.STRANGER: "anymark"}
_MARK = re.compile("|".join(f"{mark}[a-z]+" for mark in MARKS.values()))
PERSON = "resmarkaddress@residents.example"
OFFICER = "stfmarkofficer@example.gov.uk"
ACTOR = f"staff:{OFFICER}"
HANDLE = "resmarkhandle"
_SMELL = Rule("gas", "There may be gas", "Call 0800 111 999.", {"en": Phrases(["resmarkphrase"])}, Phrases(()))
_MAIL = f"""\
From: Resmarkname <{PERSON}>
To: us@example.gov.uk
Subject: resmarksubject
X-Mailer: resmarkheader
Message-ID: <resmarkmessageid@residents.example>

Here is resmarktext, with resmarkphrase in it.
""".replace("\n", "\r\n")


# No need is a mark: it stands there as if it was one.
_EMPTY: list[Any] = [0 if "int" in str(k) else "" if k is str else False for k in Spell.__annotations__.values()]
_SPELL = Spell(*_EMPTY)


def marks_in(value: Any, whose: Whose) -> set[str]:
    """The marks of these people in what a column, a file or an export holds."""
    return {mark for mark in _MARK.findall(_text(value).lower()) if mark.startswith(MARKS[whose])}


def _text(value: Any) -> str:
    if isinstance(value, bytes | memoryview):
        content = bytes(value)
        try:
            return zlib.decompress(content).decode("latin-1")
        except zlib.error:
            return content.decode("latin-1")
    return "" if value is None else str(value)


def rules_of(book: Rulebook) -> Rulebook:
    """A rulebook with an urgent rule, and a team of the officer's."""
    teams = {"front": Team("front", (OFFICER,), "post")}
    ways = {**book.ways, "page": Way("post", "front", medium="facebook")}
    return altered(book, teams=teams, ways=ways, urgent=(_SMELL,))


def fill(connection: Connection, book: Rulebook) -> Contact:
    """Let people write, and staff work on what they wrote until it is answered; the contact of the mail."""
    _staff(connection, book)
    mail = mime.read(_MAIL.encode(), channel="inbox", received_at=None)
    contact = _logged(connection, book, mail)
    form = replace(
        mail,
        channel="website",
        external_id="resmarkformid",
        digest="resmarkdigest",
        mail=None,
        text="resmarkformtext",
        fields=_FORM,
    )
    photo = RemoteFile("image", "resmarklocator", "resmarkphotoname.jpg", "image/jpeg")
    post = Post(conversation="resmarkconversation", link="https://platform.example/resmarklink", files=(photo,))
    on_page = Inbound("page", "resmarkpostid", "digest", Party(HANDLE), text="resmarksaid", post=post)
    others = [_logged(connection, book, message) for message in (form, on_page)]
    _leave(connection, book)
    _work(connection, book, contact)
    name, content = "resmarkfile.pdf", b"resmarkfilecontent"
    typed = Answer("full", "resmarkanswered", "resmarkanswer", name="Ann", files=(File(name, content),))
    answer.answer(connection, others[0].reference, typed, ACTOR, NOW, book)
    _leave(connection, book)
    for other in others:
        respond.respond(connection, other.reference, NOW + HOUR, book, actor=ACTOR)
    _leave(connection, book)
    _look_back(connection, book, others[0])
    shunt.keep(connection, replace(mail, raw=b"anymarkraw", external_id="anymarkshunted"), "anymarkerror", NOW)
    suppressions.add(connection, PERSON, "mail to this address came back", NOW, NOW + timedelta(days=30))
    figures.put(connection, [contact.id], [_SPELL._replace(contact_id=contact.id, needs="resmarkspell")])
    tokens.reserve(connection, "token:crm anymarkkey", "digest", NOW)
    while words.index(connection):
        pass
    return contact


def _look_back(connection: Connection, book: Rulebook, contact: Contact) -> None:
    """The person says what they think of the answer; staff read it, and publish what they made of it."""
    asking = altered(book, feedback=FeedbackRules(ask=True))
    current = contacts.with_id(connection, [contact.id])[contact.id]
    opinion.say(connection, current, opinion.Saying("yes", "", "resmarkopinion"), "website", NOW + HOUR, asking)
    feedback.note_reading(connection, contact.id, ACTOR, NOW + HOUR)
    improvements.add(connection, Improvement("S", "D", NOW.date(), "", "en", ACTOR, NOW, published_by=ACTOR))
    day = NOW.date()
    reports.add(connection, Report(day, day, 0, 1, "{}", "", ACTOR, NOW, State.APPROVED, ACTOR, NOW))


_FORM = {"name": "Resmarkformname", "email": PERSON, "phone": "01632 960888", "postcode": "resmarkpostcode"}


def _logged(connection: Connection, book: Rulebook, message: Inbound) -> Contact:
    received = receive(connection, Batch((message,)), Reading(message.channel), NOW, book, Capacity())
    contact = contacts.find(connection, received.filed[0].reference or "")
    assert contact is not None
    return contact


def _staff(connection: Connection, book: Rulebook) -> None:
    """An officer with an account, who is signed in, and others who are not let in."""
    account = Account(OFFICER, "Stfmarkname", Role.ADMINISTRATOR, frozenset(), _password_hash(), NOW, None)
    assert staffing.add(connection, account, ACTOR, book) is None
    staff.change(connection, OFFICER, second_factor="encrypted", recovery_codes="digests")
    staff.add_link(connection, "digest", OFFICER, NOW + HOUR, NOW)
    connection.execute(insert(throttles).values(key="keyed hash", full_at=NOW + HOUR))
    staffing.sign_in(connection, account, "password", NOW, NOW)
    staffing.not_signed_in(connection, OFFICER, "wrong password", NOW)
    staffing.unknown(connection, "session", "anymarkplace", NOW)
    staffing.create_token(connection, Token("crm", frozenset({"contacts:read"}), frozenset(), NOW), ACTOR, book)
    views.save(connection, OFFICER, "resmarkview", f"words=resmarksearch+{PERSON}")
    views.save(connection, OFFICER, "bins", "words=bins")
    duties.add_absence(connection, Away(OFFICER, NOW.date(), NOW.date(), "stfmarkdeputy@example.gov.uk"), ACTOR, NOW)
    duties.add_duty(connection, Shift("front", NOW.date(), NOW.date(), OFFICER), ACTOR, NOW)
    wordings.add(connection, Wording(Sort.SERVICE, "bins", ACTOR, NOW, words="Put it out."))
    outbox.queue(connection, alert.notices(None, "disk", NOW, book, subject="S", happened="H", action="A"))


@cache
def _password_hash() -> str:
    return passwords.hashed("stfmarkpassword")


def _work(connection: Connection, book: Rulebook, contact: Contact) -> None:
    """Everything that staff can note of a contact, until it is answered."""
    reference = contact.reference
    assign.take(connection, reference, ACTOR, NOW)
    assign.assign(connection, reference, Holder(owner=OFFICER), ACTOR, NOW, book)
    needs.note_needs(connection, contact, "resmarkneeds", ACTOR, NOW)
    _need_formats(connection, contact)
    note.note(connection, contact, "resmarknote", ACTOR, NOW, book)
    word = Word(ACTOR, "resmarkreason", "resmarknote")
    adjust(connection, reference, ClockChange(Kind.PAUSED), word, NOW, book)
    forget.hold(connection, reference, "resmarkhold", ACTOR, NOW)
    respond.respond(connection, reference, NOW + HOUR, book, actor=ACTOR, note="resmarkanswer")
    close.close(connection, reference, ACTOR, NOW + HOUR, book, close.Closing(reason="resmarkclosed"))
    drafts.save(connection, Draft(contact.id, OFFICER, "resmarkdraft", "resmarkdraftsubject"), NOW)
    drafts.add_file(connection, contact.id, OFFICER, "resmarkdraftfile", b"resmarkdraftcontent " * 2)


def _need_formats(connection: Connection, contact: Contact) -> None:
    """Codes of languages and needs, as words that can be found again."""
    wish = {"language": "resmarkwishedlanguage", "language_by": ACTOR, "language_at": NOW}
    connection.execute(update(needs_table).values(wish))
    contacts.put(connection, contact.id, {"wished_language": "resmarkwish", "need_codes": "resmarkcodes"})
    number = outbox.of_contact(connection, contact.id)[0].id
    format_tasks.add(connection, FormatTask(number, contact.id, "resmarkformat", "resmarktranslation", NOW))
    assert format_tasks.make(connection, number, NOW, ACTOR)


def _leave(connection: Connection, book: Rulebook) -> None:
    """Everything that is due leaves, once it has failed and come back."""
    write = MessageWriter(COMPOSER, book, b"s" * 32).write
    for at, error in ((NOW, Temporary("451 resmarkquoted")), (NOW + HOUR, None)):
        claimed = deliver.claim(connection, "post", at, ClaimTerms(HOUR), 1000, book)
        attempts = [_attempt(claim.delivery, at, error) for claim in claimed]
        messages = [write(claim, at) for claim in claimed]
        pairs = zip(attempts, messages, strict=True)
        deliver.record(connection, [replace(attempt, message=message) for attempt, message in pairs], book)


def _attempt(delivery: Delivery, at: datetime, error: Temporary | None) -> Attempt:
    """A receipt arrives in the end, an alert does not."""
    if delivery.contact_id is None:
        return Attempt(delivery, at)
    if error or delivery.purpose not in (Purpose.ACKNOWLEDGEMENT, Purpose.ANSWER):
        return Attempt(delivery, at, error or Temporary("451 resmarkquoted"))
    return Attempt(delivery, at, None, "resmarkplatform")
