"""Spells of contacts that lean on others: with a receipt of another one, taken up late, gone on with, asked about."""

from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import Connection

from bot.channel import Batch
from bot.core.contacts import Contact
from bot.core.deliveries import Purpose
from bot.core.events import Event, EventKind
from bot.core.retention import Retention
from bot.core.spells import Spell, microseconds
from bot.flows.changes import acknowledge_now, split
from bot.flows.changes.forget import forget
from bot.flows.changes.respond import respond
from bot.flows.figures import folding
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import receive
from bot.flows.outgoing.deliver import Attempt, record
from bot.flows.rulebook import Rulebook
from bot.store import contacts, settled
from bot.store.engine import Store
from tests.flows.conftest import NOW, Make, writing
from tests.flows.desk import after, again, claim_all, logged
from tests.flows.test_asking import ASKED, leave, say
from tests.flows.test_asking import asking as asking  # noqa: PLC0414 - the fixture
from tests.flows.test_merge import at, halved
from tests.flows.test_spells import ME, assert_present, fold_all, forget_table, spells_at
from tests.flows.test_spells import store as store  # noqa: PLC0414 - the fixture, with keys

OF_RECEIPT = {"purpose": Purpose.ACKNOWLEDGEMENT}


def newest(store: Store) -> int:
    """The number of the last event."""
    return store.read_now(settled.up_to)


def of(rows: list[Spell], contact: Contact) -> Spell:
    """The last spell of a contact."""
    return [row for row in rows if row.contact_id == contact.id][-1]


def hand_over(connection: Connection, book: Rulebook, days: float) -> None:
    """Everything that waits leaves so long after the receipt."""
    record(connection, [Attempt(delivery, after(days)) for delivery in claim_all(connection, book, after(days))], book)


def part_of(connection: Connection, book: Rulebook, contact: Contact) -> Contact:
    """What is split off a contact: its newest message, three days after its receipt."""
    number = contacts.messages_of(connection, contact.id)[-1].id
    return split.split(connection, again(connection, contact.reference), str(number), ME, after(3), book)


@pytest.mark.parametrize("is_forgotten", [False, True])
def test_a_receipt_of_its_own_takes_nothing_from_the_one_that_stood(
    store: Store, book: Rulebook, mail: Make, *, is_forgotten: bool
) -> None:
    """What is split off is acknowledged since it came, also after staff have sent another receipt."""
    with writing(store) as connection:
        contact, _ = halved(connection, book, mail)
        part = part_of(connection, book, contact)
    before, cut_off = spells_at(store), newest(store)
    assert of(before, part).acknowledged_at == microseconds(after(2))
    with writing(store) as connection:
        acknowledge_now.acknowledge_now(connection, part.reference, "", ME, after(4), book)
        hand_over(connection, book, 4.5)
        if is_forgotten:
            for each in (contact, part):
                respond(connection, each.reference, after(5), book, actor=ME)
            forget(connection, Retention(usual=after(1) - NOW), after(900), 100, b"key")
    assert of(spells_at(store), part).acknowledged_at == microseconds(after(2))
    assert spells_at(store, cut_off) == before
    fold_all(store)
    assert spells_at(store, cut_off) == before
    forget_table(store)
    assert spells_at(store, cut_off) == before
    store.read_now(partial(assert_present, rows=spells_at(store)))


def test_what_people_were_told_at_once_stays_their_receipt(store: Store, book: Rulebook, mail: Make) -> None:
    """Also after staff have sent one to an address; one that comes back takes both away, and nothing from before."""
    with writing(store) as connection:
        contact = logged(connection, book, replace(mail(), mail=None, told_by="at once"), acknowledged=False)
        assert contact.acknowledged_at == NOW
    before, cut_off = spells_at(store), newest(store)
    assert before[0].acknowledged_at == microseconds(NOW)
    with writing(store) as connection:
        acknowledge_now.acknowledge_now(connection, contact.reference, "me@residents.example", ME, after(4), book)
        hand_over(connection, book, 4.5)
    assert [row.acknowledged_at for row in spells_at(store)] == [microseconds(NOW)]
    assert spells_at(store, cut_off) == before
    store.read_now(partial(assert_present, rows=spells_at(store)))
    with writing(store) as connection:
        contacts.withdraw_receipt(connection, contact.id, after(5))
        contacts.note(connection, [Event(contact.id, after(5), EventKind.UNDELIVERABLE, details=OF_RECEIPT)])
    assert [row.acknowledged_at for row in spells_at(store)] == [None]
    fold_all(store)
    assert spells_at(store, cut_off) == before


def test_what_is_split_off_twice_has_the_receipt_that_left(store: Store, book: Rulebook, mail: Make) -> None:
    """Also where it leaves after the splitting."""
    with writing(store) as connection:
        contact = logged(connection, book, mail(), acknowledged=False)
        for number in (2, 3):
            more = {"From": "Resident 1 <resident1@residents.example>", "In_Reply_To": "<1@residents.example>"}
            at(connection, book, mail(number, text=f"Another thing: {number}.", **more), number)
        numbers = [message.id for message in contacts.messages_of(connection, contact.id)][1:]
        both = ",".join(map(str, numbers))
        part = split.split(connection, again(connection, contact.reference), both, ME, after(0.5), book)
        last = split.split(connection, part, str(numbers[-1]), ME, after(0.5), book)
    before, cut_off = spells_at(store), newest(store)
    assert {row.acknowledged_at for row in before} == {None}
    with writing(store) as connection:
        hand_over(connection, book, 0.75)
        assert again(connection, last.reference).acknowledged_at == after(0.75)
    rows = spells_at(store)
    assert {row.acknowledged_at for row in rows} == {microseconds(after(0.75))}
    assert spells_at(store, cut_off) == before
    store.read_now(partial(assert_present, rows=rows))


def test_what_was_only_logged_is_owed_from_when_staff_take_it_up(store: Store, book: Rulebook, mail: Make) -> None:
    """By the date of its receipt; at an earlier event nothing was owed."""
    with writing(store) as connection:
        robot = logged(connection, book, mail(1, Auto_Submitted="auto-generated"), acknowledged=False)
    before, cut_off = spells_at(store), newest(store)
    assert [row.ending for row in before] == ["logged"]
    with writing(store) as connection:
        acknowledge_now.acknowledge_now(connection, robot.reference, "", ME, after(3), book)
        hand_over(connection, book, 3)
        owed = again(connection, robot.reference)
    (row,) = spells_at(store)
    assert owed.respond_by
    assert (row.ending, row.begins_at, row.respond_by) == ("", microseconds(NOW), microseconds(owed.respond_by))
    assert row.acknowledged_at == microseconds(after(3))
    assert spells_at(store, cut_off) == before
    fold_all(store)
    assert spells_at(store, cut_off) == before
    store.read_now(partial(assert_present, rows=spells_at(store)))


def test_a_later_contact_that_goes_on_with_one_is_the_next_word(store: Store, book: Rulebook, mail: Make) -> None:
    """From when it was written; at an earlier event nobody had."""
    with writing(store) as connection:
        contact = logged(connection, book, mail())
        respond(connection, contact.reference, after(1), book, actor=ME)
    fold_all(store)
    before, cut_off = spells_at(store), newest(store)
    with writing(store) as connection:
        more = {"From": "Resident 1 <resident1@residents.example>", "In_Reply_To": "<1@residents.example>"}
        message = replace(mail(2, **more), received_at=after(60))
        filed = receive(connection, Batch((message,)), Reading("inbox"), after(60), book, Capacity()).filed[0]
        assert again(connection, filed.reference).linked_to == contact.id
    assert of(spells_at(store), contact).next_word_at == microseconds(after(60))
    fold_all(store)
    assert of(spells_at(store), contact).next_word_at == microseconds(after(60))
    assert spells_at(store, cut_off) == before


def test_what_people_say_belongs_to_the_answer_of_which_they_were_asked(
    store: Store, asking: Rulebook, mail: Make
) -> None:
    """A "no" opens the contact again, and stays with the spell that had ended."""
    with writing(store) as connection:
        contact = logged(connection, asking, mail())
        respond(connection, contact.reference, NOW, asking, actor=ME)
        leave(connection, asking, ASKED)
    fold_all(store)
    before, cut_off = spells_at(store), newest(store)
    with writing(store) as connection:
        say(connection, again(connection, contact.reference), asking, ASKED, "no", "dissatisfied", "It is there.")
    for _ in range(2):
        first, second = spells_at(store)
        assert (first.asked_at, first.opinion, first.satisfaction) == (microseconds(ASKED), "no", "dissatisfied")
        assert first.next_word_at == second.begins_at == microseconds(ASKED)
        assert (second.asked_at, second.opinion, second.ending) == (None, "", "")
        assert spells_at(store, cut_off) == before
        fold_all(store)


def test_a_second_answer_is_asked_about_alone(store: Store, asking: Rulebook, mail: Make) -> None:
    """Nothing of the first opinion counts for it."""
    with writing(store) as connection:
        contact = logged(connection, asking, mail())
        respond(connection, contact.reference, NOW, asking, actor=ME)
        leave(connection, asking, ASKED)
        say(connection, again(connection, contact.reference), asking, ASKED, "no", "", "It is there.")
        respond(connection, contact.reference, after(5), asking, actor=ME)
    first, second = spells_at(store)
    assert (first.opinion, second.opinion) == ("no", "")
    store.write_now(partial(folding.fold, most=1_000))
    assert spells_at(store) == [first, second]
