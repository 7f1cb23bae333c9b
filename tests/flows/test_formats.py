"""What no program can make of a message: a task of staff's, once a message, until somebody says that it is made."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from bot.channel import Batch, Temporary
from bot.core.closings import Outcome
from bot.core.contacts import Contact
from bot.core.deliveries import Purpose
from bot.core.events import EventKind
from bot.core.needs import Need
from bot.core.roles import Scope
from bot.core.spells import Spell
from bot.flows import wordings
from bot.flows.changes import answer, answer_outcome, close, formats, needs, respond
from bot.flows.changes.answer import Answer
from bot.flows.changes.close import Closing
from bot.flows.changes.refusals import Refused
from bot.flows.desk import backlog, contact_view, rows, wishes
from bot.flows.figures import folding
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import receive
from bot.flows.outgoing import alert, daily_list, deliver
from bot.flows.outgoing.deliver import Attempt, ClaimTerms
from bot.flows.rulebook import Rulebook
from bot.render.answers import SavedAnswer
from bot.store import contacts, format_tasks, outbox, queue, retention
from bot.store.engine import Store
from bot.store.queue import Criteria
from bot.store.tables import deliveries, events
from tests.flows.conftest import NOW, Make, writing
from tests.flows.desk import after, again, logged

ME = "staff:me@example.gov.uk"
HOLD = ClaimTerms(timedelta(minutes=30))
ENGLISH = "We have emptied your bin, and we are sorry that it was missed.\n\nYour bins team"
POLISH = "Opróżniliśmy Twój kosz na śmieci i przepraszamy, że został pominięty.\n\nTwój zespół"
LATER = NOW + timedelta(hours=1)


def leave(connection: Connection, book: Rulebook, *, error: Exception | None = None) -> None:
    """Everything that is due to people leaves, as the loop of an outlet lets it."""
    claims = deliver.claim(connection, "post", LATER, HOLD, 50, book)
    attempts = [Attempt(claim.delivery, LATER, error, contact=claim.contact) for claim in claims]
    deliver.record(connection, attempts, book)
    answer_outcome.count(connection, attempts, book)
    formats.begin(connection, attempts, book)


def reader(connection: Connection, book: Rulebook, mail: Make, *codes: Need, language: str = "") -> Contact:
    """Somebody who needs this, and whose receipt has left before we knew."""
    contact = logged(connection, book, mail(1))
    needs.wish(connection, contact, language, codes, ME, NOW)
    return again(connection, contact.reference)


def typed(connection: Connection, book: Rulebook, contact: Contact, words: str = ENGLISH) -> None:
    """An answer that leaves."""
    answer.answer(connection, contact.reference, Answer("full", words), ME, NOW, book)
    leave(connection, book)


def tasks(connection: Connection, contact: Contact) -> list[str]:
    """What is to be made, in words."""
    return [formats.in_words(task) for task in format_tasks.of_contacts(connection, [contact.id]) if task.is_waiting]


def lists(connection: Connection, book: Rulebook, days: int) -> list[list[str]]:
    """What the daily lists of that day have staff make."""
    now = NOW + timedelta(days=days)
    outbox.queue(connection, alert.digests(now.date().isoformat(), now, book))
    claims = deliver.claim(connection, "post", now, HOLD, 50, book)
    digests = [claim for claim in claims if claim.delivery.purpose is Purpose.DIGEST]
    values = [daily_list.values(claim.listed, "", now, book, claim.to_make) for claim in digests]
    return [[row["reference"] for row in of_list["to_make"]] for of_list in values]


def test_the_daily_list_names_what_is_to_be_made_until_it_is(store: Store, book: Rulebook, mail: Make) -> None:
    """Although the contact is answered and nothing else is owed; then there is no list."""
    with writing(store) as connection:
        contact = reader(connection, book, mail, Need.BRAILLE)
        typed(connection, book, contact)
        assert lists(connection, book, 2) == [[contact.reference]]
        (task,) = format_tasks.of_contacts(connection, [contact.id])
        formats.finish(connection, contact, str(task.delivery_id), ME, LATER)
        assert lists(connection, book, 3) == []


def test_open_contacts_are_counted_by_need_and_language_in_a_scope(store: Store, book: Rulebook, mail: Make) -> None:
    """One with two needs counts for both; of another team nothing is counted, and nothing of what is answered."""
    with writing(store) as connection:
        contact = reader(connection, book, mail, Need.BRAILLE, Need.BSL, language="pl")
        figures = wishes.figures(connection, Scope(frozenset({"front"})))
        assert [(name, count) for name, _, count in figures] == [
            ("Braille", 1),
            ("British Sign Language", 1),
            ("Polish", 1),
        ]
        assert wishes.figures(connection, Scope(frozenset({"housing"}))) == []
        respond.respond(connection, contact.reference, LATER, book, actor=ME)
        assert wishes.figures(connection, Scope()) == []


def notices(connection: Connection) -> list[dict[str, str]]:
    """What staff are told."""
    return list(connection.execute(select(deliveries.c.details).where(deliveries.c.purpose == "notice")).scalars())


@pytest.mark.parametrize(
    ("codes", "language", "words", "to_make"),
    [
        ([Need.BRAILLE, Need.LARGE_PRINT], "", ENGLISH, ["in braille"]),
        ([Need.AUDIO, Need.BRAILLE], "pl", ENGLISH, ["in braille and as a recording and in Polish"]),
        ([], "pl", ENGLISH, ["in Polish"]),
        ([], "pl", f"{ENGLISH}\n\n{POLISH}", []),
        ([], "en", ENGLISH, []),
        ([Need.LARGE_PRINT, Need.EASY_READ, Need.BSL, Need.CALL, Need.TIME], "", ENGLISH, []),
    ],
)
def test_an_answer_is_made_into_what_its_reader_needs(
    store: Store, book: Rulebook, mail: Make, codes: list[Need], language: str, words: str, to_make: list[str]
) -> None:
    """Where no program can: and a translation only where the words are not in the language yet."""
    with writing(store) as connection:
        contact = reader(connection, book, mail, *codes, language=language)
        typed(connection, book, contact, words)
        assert tasks(connection, contact) == to_make


def test_staff_are_told_once_where_the_text_is(store: Store, book: Rulebook, mail: Make) -> None:
    """Without a word of the person, and not again where the record of the attempt is repeated."""
    with writing(store) as connection:
        contact = reader(connection, book, mail, Need.BRAILLE)
        typed(connection, book, contact)
        (task,) = format_tasks.of_contacts(connection, [contact.id])
        delivery = next(d for d in outbox.of_contact(connection, contact.id) if d.id == task.delivery_id)
        formats.begin_one(connection, delivery, contact, LATER, book)
        (notice,) = notices(connection)
        assert f"/console/contacts/{contact.reference}/sent/{task.delivery_id}/text" in notice
        assert f"Make a message in braille for {contact.reference}" in notice
        assert "resident1" not in notice


def test_a_receipt_is_made_too_and_counts_as_it_left(store: Store, book: Rulebook, mail: Make) -> None:
    """The duty to acknowledge is met by what left; no clock waits for braille."""
    with writing(store) as connection:
        batch = Batch((mail(1),))
        received = receive(connection, batch, Reading("inbox"), NOW, book, Capacity())
        contact = again(connection, received.filed[0].reference)
        needs.wish(connection, contact, "", [Need.BRAILLE], ME, NOW)
        leave(connection, book)
        assert tasks(connection, contact) == ["in braille"]
        assert again(connection, contact.reference).acknowledged_at == LATER


def test_what_has_not_left_is_not_made(store: Store, book: Rulebook, mail: Make) -> None:
    """It is tried again, and then there is one task."""
    with writing(store) as connection:
        contact = reader(connection, book, mail, Need.AUDIO)
        answer.answer(connection, contact.reference, Answer("full", ENGLISH), ME, NOW, book)
        leave(connection, book, error=Temporary("451 not now"))
        assert tasks(connection, contact) == []


def test_somebody_says_that_it_is_made(store: Store, book: Rulebook, mail: Make) -> None:
    """Once, by the number of the message, and the history says who."""
    with writing(store) as connection:
        contact = reader(connection, book, mail, Need.BRAILLE)
        typed(connection, book, contact)
        (task,) = format_tasks.of_contacts(connection, [contact.id])
        for number in ("", "x", "999999"):
            with pytest.raises(Refused, match="choose one of the messages"):
                formats.finish(connection, contact, number, ME, after(1))
        formats.finish(connection, contact, f"{task.delivery_id}", ME, after(1))
        with pytest.raises(Refused, match="made already"):
            formats.finish(connection, contact, f"{task.delivery_id}", ME, after(2))
        assert tasks(connection, contact) == []
        (event,) = [e for e in contacts.events_of(connection, contact.id) if e.kind == EventKind.FORMAT_MADE]
        assert (event.actor, event.details) == (ME, {"purpose": "answer", "needs": "braille"})


def test_it_is_shown_until_it_is_made(store: Store, book: Rulebook, mail: Make) -> None:
    """On its contact, although that is answered; in the queue with a badge, and in a list of its own."""
    with writing(store) as connection:
        contact = reader(connection, book, mail, Need.BRAILLE, language="pl")
        typed(connection, book, contact)
        view = contact_view.show(connection, contact.reference, Scope(), after(1), book)
        assert view
        assert "format-made" in view.offers
        assert [task.words for task in view.to_make] == ["in braille and in Polish"]
        page = queue.page(connection, Criteria("any", "formats"), Scope(), NOW, most=5)
        (row,) = rows.of(connection, page.contacts, "me@example.gov.uk", after(1), book)
        assert [words for _, words in row.tags][:3] == ["To be made", "Polish", "Needs"]
        formats.finish(connection, contact, str(view.to_make[0].number), ME, after(1))
        assert not queue.page(connection, Criteria("any", "formats"), Scope(), NOW, most=5).contacts


def test_the_queue_is_narrowed_to_needs_and_to_a_language(store: Store, book: Rulebook, mail: Make) -> None:
    """Whether it is open or not, and not to what others of their team have."""
    with writing(store) as connection:
        contact = reader(connection, book, mail, Need.TIME, language="ur")
        logged(connection, book, mail(2))
        for criteria in (Criteria("any", "needs"), Criteria(which="needs"), Criteria(language="ur")):
            page = queue.page(connection, criteria, Scope(), NOW, most=5)
            assert [entry.id for entry in page.contacts] == [contact.id]
        assert not queue.page(connection, Criteria(language="pl"), Scope(), NOW, most=5).contacts
        assert not format_tasks.waiting(connection, Scope(frozenset({"housing"})))


def test_nothing_is_made_for_who_is_forgotten(store: Store, book: Rulebook, mail: Make) -> None:
    """The text is gone, and so is what they needed."""
    with writing(store) as connection:
        contact = reader(connection, book, mail, Need.BRAILLE)
        typed(connection, book, contact)
        retention.strip(connection, [contact.id], b"k" * 32)
        assert tasks(connection, contact) == []
        assert not format_tasks.waiting(connection, Scope())
        assert not format_tasks.waiting_among(connection, [contact.id])


def test_a_letter_that_is_posted_is_made_too(store: Store, book: Rulebook, mail: Make) -> None:
    """Staff say that it is posted, and are told what else there is to do."""
    with writing(store) as connection:
        contact = reader(connection, book, mail, Need.BRAILLE)
        contacts.put(connection, contact.id, {"sender_address": None})
        answer.answer(connection, contact.reference, Answer("full", ENGLISH, channel="letter"), ME, NOW, book)
        answer_outcome.confirm(connection, contact.reference, None, ME, LATER, book)
        assert tasks(connection, contact) == ["in braille"]


def test_needs_and_wishes_are_counted(store: Store, book: Rulebook, mail: Make) -> None:
    """Of open contacts, and what is to be made whatever the state: no word of anybody."""
    with writing(store) as connection:
        contact = reader(connection, book, mail, Need.BRAILLE, Need.BSL, language="cy")
        logged(connection, book, mail(2))
        waiting = backlog.look(connection)
        assert (waiting.needs, waiting.languages, waiting.formats_to_make) == ({"braille": 1, "bsl": 1}, {"cy": 1}, 0)
        typed(connection, book, contact)
        assert backlog.look(connection).formats_to_make == 1


def test_saved_answers_in_the_language_of_the_person_come_first() -> None:
    """The others follow by their titles, as before."""
    offer = [SavedAnswer("a", "A", "A."), SavedAnswer("b", "B", "B.", language="pl"), SavedAnswer("c", "C", "C.")]
    assert [answer.name for answer in wordings.in_language_first(offer, "pl")] == ["b", "a", "c"]
    assert [answer.name for answer in wordings.in_language_first(offer, "")] == ["a", "c", "b"]


def details(connection: Connection, contact: Contact, kind: EventKind) -> dict[str, Any]:
    """What the last event of this kind says of needs and formats."""
    event = [e for e in contacts.events_of(connection, contact.id) if e.kind == kind][-1]
    return {name: event.details[name] for name in ("needs", "how", "format") if name in event.details}


@pytest.mark.parametrize(
    ("codes", "language", "words", "event"),
    [
        ((Need.LARGE_PRINT,), "", ENGLISH, {"needs": "large-print", "how": "mail", "format": "large-print"}),
        ((Need.LARGE_PRINT,), "pl", POLISH, {"needs": "large-print", "how": "mail", "format": "large-print pl"}),
        ((Need.BRAILLE,), "", ENGLISH, {"needs": "braille", "how": "mail", "format": ""}),
        ((), "pl", ENGLISH, {"how": "mail", "format": ""}),
        ((), "", ENGLISH, {}),
    ],
)
def test_an_answer_says_what_was_needed_and_in_what_it_left(
    store: Store, book: Rulebook, mail: Make, codes: tuple[Need, ...], language: str, words: str, event: dict[str, str]
) -> None:
    """When it has left, and nothing of it where nothing is needed."""
    with writing(store) as connection:
        contact = reader(connection, book, mail, *codes, language=language)
        typed(connection, book, contact, words)
        responded = details(connection, contact, EventKind.RESPONDED)
        departure = details(connection, contact, EventKind.ANSWER_SENT)
    assert responded == event
    assert departure == ({"format": event["format"]} if event else {})


def test_a_call_and_what_staff_did_elsewhere_say_how(store: Store, book: Rulebook, mail: Make) -> None:
    """A call is how somebody was answered; of an answer from elsewhere nobody knows in what format it was."""
    with writing(store) as connection:
        pair = []
        for number in (1, 2):
            contact = logged(connection, book, mail(number))
            needs.wish(connection, contact, "", [Need.CALL, Need.LARGE_PRINT], ME, NOW)
            pair.append(contact)
        answer.answer(connection, pair[0].reference, Answer("full", ENGLISH, channel="phone"), ME, NOW, book)
        answer_outcome.confirm(connection, pair[0].reference, None, ME, LATER, book)
        respond.respond(connection, pair[1].reference, LATER, book, actor=ME)
        rung, elsewhere = (details(connection, contact, EventKind.RESPONDED) for contact in pair)
    assert rung == {"needs": "large-print call", "how": "phone", "format": ""}
    assert elsewhere == {"needs": "large-print call"}


def test_a_closing_says_what_was_needed(store: Store, book: Rulebook, mail: Make) -> None:
    """Whether that was met is not known."""
    with writing(store) as connection:
        contact = reader(connection, book, mail, Need.BSL)
        close.close(connection, contact.reference, ME, LATER, book, Closing(Outcome.TOLD, note="By a video call."))
        assert details(connection, contact, EventKind.CLOSED) == {"needs": "bsl"}


def test_needs_are_met_once_they_are_made(store: Store, book: Rulebook, mail: Make) -> None:
    """And not before, also when that is asked afterwards; large print leaves so by itself."""
    with writing(store) as connection:
        braille = reader(connection, book, mail, Need.BRAILLE)
        typed(connection, book, braille)
        (before,) = spells_at(connection, None)
        number = connection.execute(select(func.max(events.c.id))).scalar_one()
        (task,) = format_tasks.of_contacts(connection, [braille.id])
        formats.finish(connection, braille, f"{task.delivery_id}", ME, after(1))
        verdicts = [spells_at(connection, at)[0].are_needs_met for at in (number, None)]
    assert (before.needs, before.are_needs_met, verdicts) == ("braille", False, [False, True])


def spells_at(connection: Connection, cut_off: int | None) -> list[Spell]:
    """Every spell as it stood at that event, or as it stands now."""
    newest = connection.execute(select(func.max(events.c.id))).scalar_one()
    year = timedelta(days=365)
    return sorted(folding.spells_at(connection, cut_off or newest, NOW - year, NOW + year, lambda _: None))
