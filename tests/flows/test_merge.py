"""Two contacts of one matter in one, one contact of two matters in two, and both undone."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from bot.channel import Batch
from bot.core.contacts import Contact, State
from bot.core.events import EventKind
from bot.core.messages import Inbound
from bot.core.phrases import Phrases
from bot.core.retention import Retention
from bot.core.roles import Scope
from bot.core.urgencies import Rule
from bot.flows.changes import (
    acknowledge_now,
    answer,
    assign,
    close,
    forget,
    link,
    merge,
    needs,
    note,
    respond,
    split,
    urgent,
)
from bot.flows.changes import record as recording
from bot.flows.changes.answer import Answer
from bot.flows.changes.refusals import Refused
from bot.flows.desk import contact_view, message_view
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import receive
from bot.flows.people import erase, record
from bot.flows.rulebook import Rulebook
from bot.store import contacts, drafts, notes, outbox, words
from bot.store.drafts import Draft
from bot.store.engine import Store
from bot.store.tables import deliveries
from tests.flows.conftest import NOW, Make, writing
from tests.flows.desk import after, again, claim_all, logged
from tests.rulebooks import altered

ME = "staff:me@example.gov.uk"
HOUR = timedelta(hours=1)
KEY = b"k" * 32
GAS = Rule("gas", "There may be gas", "Call 0800 111 999.", {"en": Phrases(["smell gas"])}, Phrases(()))
MONTH = Retention(timedelta(days=30))


@pytest.fixture
def secret_book(book: Rulebook) -> Rulebook:
    """A mailbox whose reply addresses are signed."""
    return altered(book, secret=b"s" * 32)


@pytest.fixture
def duty(book: Rulebook) -> Rulebook:
    """A rule for danger."""
    return altered(book, urgent=(GAS,), secret=b"secret")


def at(connection: Connection, book: Rulebook, message: Inbound, hours: float) -> Contact:
    """A contact that came so many hours after NOW."""
    came_at = NOW + timedelta(hours=hours)
    message = replace(message, received_at=came_at)
    received = receive(connection, Batch((message,)), Reading(message.channel), came_at, book, Capacity())
    return again(connection, received.filed[0].reference)


def two(connection: Connection, book: Rulebook, mail: Make, **headers: str) -> tuple[Contact, Contact]:
    """Two contacts, a week apart; of one person where nothing else is said."""
    first = logged(connection, book, mail())
    more = {"From": "Resident 1 <resident1@residents.example>", "Subject": "The bin"} | headers
    return first, at(connection, book, mail(2, text="And the bin is full.", **more), 24 * 7)


def join(connection: Connection, contact: Contact, partner: Contact | None, confirmation: str = "") -> merge.Merge:
    """Merge them, a day after the second came."""
    return merge.merge(connection, contact, partner, confirmation, ME, after(8))


def test_what_is_due_first_goes_on_whichever_is_merged(store: Store, book: Rulebook, mail: Make) -> None:
    """The other one closes in silence, its alerts end, and what it says is read in the one that goes on."""
    with writing(store) as connection:
        first, second = two(connection, book, mail)
        note.note(connection, second, "Both are by the gate.", ME, after(7.5), book)
        before = claim_all(connection, book, after(7.9))
        pair = join(connection, first, second)
        assert (pair.survivor.id, pair.duplicate.id) == (first.id, second.id)
        after_merge = again(connection, second.reference)
        assert (after_merge.state, after_merge.next_look_at, after_merge.merged_into) == ("closed", None, first.id)
        stands = again(connection, first.reference)
        assert (stands.respond_by, stands.next_look_at, stands.state) == (first.respond_by, first.next_look_at, "open")
        assert claim_all(connection, book, after(9)) == []
        assert before  # the receipt of the second; after that nothing was queued
        view = contact_view.show(connection, first.reference, Scope(), after(9), book)
        assert view
        assert [message.words.strip() for message in view.messages] == [
            "There is a hole in the road.",
            "And the bin is full.",
        ]
        assert [contact.id for contact in view.duplicates] == [second.id]
        number = view.messages[1].number
        assert message_view.words_of(connection, first.reference, number, Scope()) == "And the bin is full.\n"
        other = contact_view.show(connection, second.reference, Scope(), after(9), book)
        assert other
        assert other.survivor
        assert other.survivor.id == first.id
        assert other.offers == {"link", "needs", "legal-hold", "note", "unmerge"}


def test_what_is_sent_to_the_merged_one_joins_the_one_that_goes_on(
    store: Store, secret_book: Rulebook, mail: Make
) -> None:
    """By an answer to its receipt, by its reference, and from the address that only it has."""
    with writing(store) as connection:
        first, second = two(connection, secret_book, mail, From="Resident <other@residents.example>")
        link.link(connection, first, second, ME, after(7))
        receipt = outbox.acknowledgements_of(connection, [second.id])[second.id]
        join(connection, second, first)
        later = [
            mail(3, In_Reply_To=receipt.message_id, From="Resident <other@residents.example>"),
            mail(4, Subject=second.reference, From="Resident <other@residents.example>"),
            mail(5, To=secret_book.reply_address("inbox", second.reference), From="New <new@residents.example>"),
        ]
        received = receive(connection, Batch(tuple(later)), Reading("inbox"), after(9), secret_book, Capacity())
        assert {filing.reference for filing in received.filed} == {first.reference}
        kinds = [event.kind for event in contacts.events_of(connection, first.id)]
        assert kinds.count(EventKind.FOLLOW_UP) == 3
        assert again(connection, second.reference).state == State.CLOSED


def test_an_answer_of_staffs_to_the_merged_one_stops_the_clock(store: Store, secret_book: Rulebook, mail: Make) -> None:
    """It went to the person who wrote there, whose address the other contact does not have."""
    with writing(store) as connection:
        first, second = two(connection, secret_book, mail, From="Resident <other@residents.example>")
        join(connection, second, first, merge.YES)
        reply = mail(
            7,
            From="us@example.gov.uk",
            To="other@residents.example",
            In_Reply_To="<2@residents.example>",
            text="The bin was emptied and the road is mended today.",
        )
        receive(
            connection, Batch((replace(reply, outgoing=True),)), Reading("inbox"), after(9), secret_book, Capacity()
        )
        assert again(connection, first.reference).state == State.ANSWERED
        assert again(connection, second.reference).state == State.CLOSED


def test_a_danger_goes_on_calling(store: Store, book: Rulebook, mail: Make) -> None:
    """Whoever merges what cannot wait has not taken it."""
    with writing(store) as connection:
        first, second = two(connection, book, mail)
        urgent = {"urgent": "gas", "urgent_words": "smell of gas", "urgent_at": after(7.1), "urgent_step": 2}
        contacts.put(connection, second.id, urgent)
        join(connection, second, first)
        stands, second_after = again(connection, first.reference), again(connection, second.reference)
        assert {name: getattr(stands, name) for name in urgent} == urgent
        assert stands.next_look_at == min(first.next_look_at or after(99), after(7.1))
        assert second_after.urgent_at is None


def test_a_call_that_had_not_left_is_made_for_the_one_that_goes_on(store: Store, book: Rulebook, mail: Make) -> None:
    """At once, and not under the number of a call that this one made before, which would not be made again."""
    with writing(store) as connection:
        first, second = two(connection, book, mail)
        urgent.call_somebody(connection, first.reference, "Smoke", ME, after(7.1), book)
        contacts.put(connection, first.id, {"urgent_step": 3})
        urgent.not_urgent(connection, first.reference, ME, after(7.2))
        urgent.call_somebody(connection, second.reference, "She smells gas", ME, after(7.9), book)
        join(connection, second, first)
        stands = again(connection, first.reference)
        assert (stands.urgent_words, stands.urgent_at, stands.urgent_step) == ("She smells gas", after(8), 3)


def test_a_danger_goes_on_calling_when_the_merge_is_undone(store: Store, book: Rulebook, mail: Make) -> None:
    """For the contact in which it stands, until somebody takes it or says that it is none."""
    with writing(store) as connection:
        first, second = two(connection, book, mail)
        urgent.call_somebody(connection, second.reference, "She smells gas", ME, after(7.9), book)
        join(connection, second, first)
        merge.unmerge(connection, again(connection, second.reference), None, ME, after(8), book)
        stands, parted = again(connection, first.reference), again(connection, second.reference)
        assert parted.urgent_at == stands.urgent_at == after(8)
        urgent.not_urgent(connection, first.reference, ME, after(8.1))
        join(connection, parted, again(connection, first.reference))
        assert again(connection, first.reference).urgent_words == "She smells gas"


def test_an_answered_one_joins_the_open_one_and_stays_answered(store: Store, book: Rulebook, mail: Make) -> None:
    """What is open goes on, though the other was due before."""
    with writing(store) as connection:
        first, second = two(connection, book, mail)
        respond.respond(connection, first.reference, after(7.5), book, actor=ME)
        assert join(connection, again(connection, first.reference), second).survivor.id == second.id
        assert again(connection, first.reference).state == State.ANSWERED
        for act in (
            lambda: close.reopen(connection, first.reference, ME, after(9), book),
            lambda: close.close(connection, first.reference, ME, after(9), book, close.Closing()),
            lambda: acknowledge_now.acknowledge_now(connection, first.reference, "", ME, after(9), book),
            lambda: answer.answer(connection, first.reference, Answer("full", "It is done."), ME, after(9), book),
            lambda: respond.respond(connection, first.reference, after(9), book, actor=ME),
            lambda: recording.refuse_addition(connection, again(connection, first.reference), after(9), book),
        ):
            with pytest.raises(Refused, match=f"goes on in {second.reference}"):
                act()


Setup = Callable[[Connection, Contact, Contact, Rulebook], tuple[Contact, Contact | None]]


def _with_itself(_c: Connection, first: Contact, _second: Contact, _b: Rulebook) -> tuple[Contact, Contact | None]:
    return first, first


def _with_none(_c: Connection, first: Contact, _second: Contact, _b: Rulebook) -> tuple[Contact, Contact | None]:
    return first, None


def _again(c: Connection, first: Contact, second: Contact, _b: Rulebook) -> tuple[Contact, Contact | None]:
    join(c, first, second)
    return second, first


def _finished(c: Connection, first: Contact, second: Contact, book: Rulebook) -> tuple[Contact, Contact | None]:
    for contact in (first, second):
        respond.respond(c, contact.reference, after(7.5), book, actor=ME)
    return first, second


def _letter_waits(c: Connection, first: Contact, second: Contact, book: Rulebook) -> tuple[Contact, Contact | None]:
    answer.answer(c, second.reference, Answer("full", "It is emptied.", channel="letter"), ME, after(7.5), book)
    return first, second


def _forgotten(c: Connection, first: Contact, second: Contact, _b: Rulebook) -> tuple[Contact, Contact | None]:
    contacts.put(c, first.id, {"forgotten": True})
    return first, second


@pytest.mark.parametrize(
    ("setup", "reason"),
    [
        (_with_itself, "enter the reference of another contact"),
        (_with_none, "enter the reference of another contact"),
        (_again, "already"),
        (_finished, "neither of them is open"),
        (_forgotten, "are gone already"),
        (_letter_waits, "has not left yet: take it back, or merge them once it has left"),
    ],
)
def test_what_cannot_be_merged_is_refused(store: Store, book: Rulebook, mail: Make, setup: Setup, reason: str) -> None:
    """A loop, what is no contact, and what nobody waits for any more."""
    with writing(store) as connection:
        contact, partner = setup(connection, *two(connection, book, mail), book)
        with pytest.raises(Refused, match=reason):
            join(connection, contact, partner)


def test_different_people_are_merged_when_somebody_says_so(store: Store, book: Rulebook, mail: Make) -> None:
    """One of them would otherwise wait for an answer that never comes."""
    with writing(store) as connection:
        first, second = two(connection, book, mail, From="Other <other@residents.example>")
        with pytest.raises(Refused, match="different people") as refusal:
            join(connection, first, second)
        assert refusal.value.field == merge.CONFIRMATION
        assert join(connection, first, second, merge.YES).survivor.id == first.id


def test_a_merge_is_undone_from_either_side(store: Store, book: Rulebook, mail: Make) -> None:
    """Each has its own messages, state and date again; nothing is parted that was not merged."""
    with writing(store) as connection:
        first, second = two(connection, book, mail)
        for side in (first, second):
            join(connection, first, again(connection, second.reference))
            partner = again(connection, second.reference) if side is first else None
            merge.unmerge(connection, again(connection, side.reference), partner, ME, after(9), book)
            stands = again(connection, second.reference)
            assert (stands.state, stands.respond_by, stands.merged_into) == ("open", second.respond_by, None)
            with pytest.raises(Refused, match="choose a contact that goes on"):
                merge.unmerge(connection, first, stands, ME, after(9), book)


def test_what_was_merged_before_comes_along(store: Store, book: Rulebook, mail: Make) -> None:
    """Three of one matter go on in one, and each can be parted from it."""
    with writing(store) as connection:
        first, second = two(connection, book, mail)
        third = at(connection, book, mail(3, From="<resident1@residents.example>", text="Again."), 24 * 7.5)
        join(connection, third, second)
        join(connection, second, first)
        assert again(connection, third.reference).merged_into == first.id
        view = contact_view.show(connection, first.reference, Scope(), after(9), book)
        assert view
        assert len(view.messages) == 3
        merge.unmerge(connection, again(connection, third.reference), None, ME, after(9), book)
        assert again(connection, third.reference).state == State.OPEN


def test_what_staff_are_writing_comes_along(store: Store, book: Rulebook, mail: Make) -> None:
    """Below what the same person writes in the one that goes on, with its files; nobody types it again."""
    with writing(store) as connection:
        first, second = two(connection, book, mail)
        drafts.save(connection, Draft(first.id, "jo", "About the hole."), after(8))
        for owner in ("jo", "al"):
            drafts.save(connection, Draft(second.id, owner, "About the bin.", "The bin"), after(8))
            drafts.add_file(connection, second.id, owner, "map.pdf", b"%PDF")
        join(connection, first, second)
        by_owner = {draft.owner: (draft.words, draft.subject) for draft in drafts.of_contact(connection, first.id)}
        both = "About the hole.\n\nAbout the bin."
        assert by_owner == {"al": ("About the bin.", "The bin"), "jo": (both, "The bin")}
        assert [len(drafts.files_of(connection, first.id, owner)) for owner in ("al", "jo")] == [1, 1]
        assert drafts.of_contact(connection, second.id) == []


def test_needs_are_shared_with_the_merged(store: Store, book: Rulebook, mail: Make) -> None:
    """Whichever address they were noted by."""
    with writing(store) as connection:
        first, second = two(connection, book, mail, From="Resident <other@residents.example>")
        needs.note_needs(connection, second, "Large print", ME, NOW)
        assert needs.needs_of(connection, first.id) is None
        join(connection, first, second, merge.YES)
        stored = needs.needs_of(connection, first.id)
        assert stored
        assert stored.needs == "Large print"


def test_words_stay_as_long_as_those_of_the_one_that_goes_on(store: Store, book: Rulebook, mail: Make) -> None:
    """The merged contact is forgotten after the other one, not before; and nobody is erased who waits for an answer."""
    with writing(store) as connection:
        first, second = two(connection, book, mail)
        join(connection, first, second)
        assert forget.forget(connection, MONTH, after(100), 50, KEY).forgotten == 0
        erasure = erase.erase(connection, "resident1@residents.example", ME, after(100), KEY)
        assert not erasure.erased
        assert {reference for reference, _ in erasure.exceptions} == {first.reference, second.reference}
        respond.respond(connection, first.reference, after(101), book, actor=ME)
        assert forget.forget(connection, MONTH, after(110), 50, KEY).forgotten == 0
        days = range(111, 150)
        assert sum(forget.forget(connection, MONTH, after(day), 50, KEY).forgotten for day in days) == 2
        assert again(connection, second.reference).forgotten
        exported = record.of_person(connection, "resident1@residents.example", after(150))
        assert exported["contacts"] == []


def test_a_legal_hold_is_one_for_all_that_goes_on_together(store: Store, book: Rulebook, mail: Make) -> None:
    """Of whichever it was set, before the merge or after it; and so is its end."""
    with writing(store) as connection:
        first, second = two(connection, book, mail)
        forget.hold(connection, second.reference, "A request of the court", ME, after(7.5))
        join(connection, first, again(connection, second.reference))
        assert again(connection, first.reference).legal_hold == "A request of the court"
        kinds = [event.kind for event in contacts.events_of(connection, second.id)]
        assert kinds.count(EventKind.LEGAL_HOLD) == 1
        forget.hold(connection, second.reference, "", ME, after(9))
        assert [again(connection, each.reference).legal_hold for each in (first, second)] == [None, None]


def halved(connection: Connection, book: Rulebook, mail: Make) -> tuple[Contact, list[int]]:
    """A contact in which the person has written of something else two days later, and what its messages are."""
    contact = logged(connection, book, mail())
    more = {"From": "Resident 1 <resident1@residents.example>", "In_Reply_To": "<1@residents.example>"}
    assert at(connection, book, mail(2, text="Another thing: the lamp is out.", **more), 48).id == contact.id
    return contact, [message.id for message in contacts.messages_of(connection, contact.id)]


def test_what_is_split_off_has_its_own_date_and_no_second_receipt(store: Store, book: Rulebook, mail: Make) -> None:
    """From when its first message came; answers to that message go on with it."""
    with writing(store) as connection:
        contact, (_, number) = halved(connection, book, mail)
        words.index(connection)
        queued = list(connection.execute(select(deliveries.c.id)).scalars())
        new = split.split(connection, contact, f"{number}", ME, after(3), book)
        assert list(connection.execute(select(deliveries.c.id)).scalars()) == queued
        assert (new.received_at, new.state, new.receipt_of) == (after(2), "open", contact.id)
        assert new.respond_by
        assert contact.respond_by
        assert new.respond_by > contact.respond_by
        assert new.acknowledged_at == after(2)
        assert new.reference != contact.reference
        assert [m.text.strip() for m in contacts.messages_of(connection, new.id)] == ["Another thing: the lamp is out."]
        assert len(contacts.messages_of(connection, contact.id)) == 1
        hits = words.hits(connection, "lamp")
        assert hits is not None
        assert {row.contact_id for row in connection.execute(select(hits))} == {new.id}
        more = {"From": "Resident 1 <resident1@residents.example>", "In_Reply_To": "<2@residents.example>"}
        assert at(connection, book, mail(3, **more), 73).id == new.id
        acknowledge_now.acknowledge_now(connection, new.reference, "", ME, after(4), book)
        assert new.id in outbox.acknowledgements_of(connection, [new.id])


def test_what_is_split_off_stays_under_the_legal_hold(store: Store, book: Rulebook, mail: Make) -> None:
    """Its words are part of what must not be destroyed."""
    with writing(store) as connection:
        contact, (_, number) = halved(connection, book, mail)
        forget.hold(connection, contact.reference, "A request of the court", ME, after(2.5))
        new = split.split(connection, again(connection, contact.reference), f"{number}", ME, after(3), book)
        assert again(connection, new.reference).legal_hold == "A request of the court"


@pytest.mark.parametrize("is_in_it", [True, False])
def test_people_are_called_for_the_danger_in_what_is_split_off(
    store: Store, duty: Rulebook, mail: Make, *, is_in_it: bool
) -> None:
    """Not for what is harmless; and not again where somebody has taken it."""
    gas, lamp = "I smell gas in the hall.", "Another thing: the lamp is out."
    texts = (lamp, gas) if is_in_it else (gas, lamp)
    for is_free in (True, False):
        with writing(store) as connection:
            contact = logged(connection, duty, mail(10 + is_free, text=texts[0]))
            more = {"From": contact.sender_address or "", "In_Reply_To": f"<{10 + is_free}@residents.example>"}
            at(connection, duty, mail(20 + is_free, text=texts[1], **more), 0.5)
            if not is_free:
                assign.take(connection, contact.reference, ME, after(0.1))
            contact = again(connection, contact.reference)
            number = contacts.messages_of(connection, contact.id)[-1].id
            new = split.split(connection, contact, f"{number}", ME, after(1), duty)
            assert (new.urgent, new.urgent_at) == (
                "gas" if is_in_it else "",
                after(1) if is_in_it and is_free else None,
            )
            assert new.taken_by == (ME if is_in_it and not is_free else "")


def test_who_wrote_what_is_split_off_is_the_one_who_hears_of_it(
    store: Store, secret_book: Rulebook, mail: Make
) -> None:
    """A neighbour who wrote to the address of another's contact has had no receipt; that of the other is not used."""
    with writing(store) as connection:
        contact = logged(connection, secret_book, mail())
        to_us = {
            "From": "Next Door <next.door@residents.example>",
            "To": secret_book.reply_address("inbox", contact.reference),
        }
        assert at(connection, secret_book, mail(2, text="My roof leaks.", **to_us), 48).id == contact.id
        number = contacts.messages_of(connection, contact.id)[1].id
        new = split.split(connection, again(connection, contact.reference), f"{number}", ME, after(3), secret_book)
        assert (new.sender_key, new.receipt_of, new.acknowledged_at) == ("next.door@residents.example", None, None)
        assert close.close(
            connection, new.reference, ME, after(4), secret_book, close.Closing(reason="It is not ours.")
        )
        assert [entry.recipient for entry in outbox.of_contact(connection, new.id)] == ["next.door@residents.example"]


def test_what_is_split_off_is_put_back_by_merging(store: Store, book: Rulebook, mail: Make) -> None:
    """The two are of one person, and the first date holds."""
    with writing(store) as connection:
        contact, (_, number) = halved(connection, book, mail)
        new = split.split(connection, contact, f"{number}", ME, after(3), book)
        assert join(connection, new, again(connection, contact.reference)).survivor.id == contact.id
        kinds = [event.kind for event in contacts.events_of(connection, new.id)]
        assert kinds == [EventKind.SPLIT, EventKind.MERGED]


@pytest.mark.parametrize(
    ("choose", "reason"),
    [
        (lambda _: "", "choose messages of this contact"),
        (lambda _: "999999", "choose messages of this contact"),
        (lambda ids: f"{ids[0]}", "its first message stays"),
        (lambda ids: f"{ids[0]}, {ids[1]}", "its first message stays"),
    ],
)
def test_a_contact_keeps_its_first_message(
    store: Store, book: Rulebook, mail: Make, choose: Callable[[list[int]], str], reason: str
) -> None:
    """Nothing is split from what would be empty, or is not there."""
    with writing(store) as connection:
        contact, numbers = halved(connection, book, mail)
        with pytest.raises(Refused, match=reason):
            split.split(connection, contact, choose(numbers), ME, after(3), book)


def test_notes_of_the_merged_are_read_in_the_one_that_goes_on(store: Store, book: Rulebook, mail: Make) -> None:
    """With the reference of the contact on which they were written."""
    with writing(store) as connection:
        first, second = two(connection, book, mail)
        note.note(connection, second, "Both are by the gate.", ME, after(7.5), book)
        join(connection, first, second)
        (entry,) = notes.of(connection, [first.id, second.id], 9)
        assert (entry.words, entry.reference) == ("Both are by the gate.", second.reference)
