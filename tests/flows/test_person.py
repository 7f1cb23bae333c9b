"""The contacts of one person in one place, across addresses and numbers, and within what a reader may see."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection

from bot.channel import Batch
from bot.core.contacts import Contact
from bot.core.messages import Inbound, Party
from bot.core.roles import Scope
from bot.flows.changes import assign, link, merge, needs, respond
from bot.flows.changes.assignees import Holder
from bot.flows.desk import person
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import receive
from bot.flows.people import erase, record
from bot.flows.rulebook import Rulebook, Team
from bot.store import contacts, outbox, people, words
from bot.store.engine import Store
from channels import web_form
from tests.flows.conftest import NOW, Make, writing
from tests.flows.desk import after, again, logged
from tests.rulebooks import altered

ME = "staff:me@example.gov.uk"
NUMBER, TYPED = "tel:+441632960001", "01632 960 001"


def form(number: int, **fields: str) -> Inbound:
    """What somebody sent by the form."""
    values = {"name": "Zoë", "phone": TYPED, "message": f"Message {number}.", **fields}
    read = web_form.build("website", web_form.Settings(name="website", kind="web_form")).read(values)
    assert isinstance(read, Inbound)
    return replace(read, external_id=f"form {number}")


def arrive(connection: Connection, book: Rulebook, message: Inbound, days: float) -> Contact:
    """The contact of what came so many days after NOW."""
    at = NOW + timedelta(days=days)
    received = receive(connection, Batch((replace(message, received_at=at),)), Reading("x"), at, book, Capacity())
    return again(connection, received.filed[0].reference)


def test_somebody_with_only_a_telephone_is_a_person_with_a_past(store: Store, book: Rulebook) -> None:
    """However the number is typed: the same needs, one export, one erasure; the page was the receipt, as before."""
    with writing(store) as connection:
        first = arrive(connection, book, form(1), 0)
        second = arrive(connection, book, form(2, phone="+44 (0)1632 960001"), 1)
        assert (first.sender_key, second.sender_key) == (NUMBER, NUMBER)
        assert (first.outcome, first.state) == ("acknowledge", "open")
        assert first.receipt_sent_at == first.acknowledged_at == NOW
        assert outbox.of_contact(connection, first.id) == []
        needs.note_needs(connection, first, "Call instead of writing", ME, NOW)
        stored = needs.needs_of(connection, second.id)
        assert stored
        assert stored.needs == "Call instead of writing"
        exported = record.of_person(connection, TYPED, after(2))
        assert [contact["reference"] for contact in exported["contacts"]] == [first.reference, second.reference]
        respond.respond(connection, first.reference, after(3), book, actor=ME)
        erasure = erase.erase(connection, "0044 1632 960001", ME, after(4), b"k" * 32)
        assert erasure.erased == (first.reference,)
        assert again(connection, first.reference).sender_key is None


def test_all_of_a_person_is_in_one_place(store: Store, book: Rulebook, mail: Make) -> None:
    """By their address, by a number that they gave with it, by the number alone, and by what staff have linked."""
    with writing(store) as connection:
        by_mail = logged(connection, book, mail(1, From="Zoë <zoe@residents.example>"))
        both = arrive(connection, book, form(2, email="zoe@residents.example"), 1)
        by_phone = arrive(connection, book, form(3), 2)
        stranger = arrive(connection, book, form(4, phone="01632 960 999"), 3)
        other_address = arrive(connection, book, mail(5, From="Z <z@work.example>"), 4)
        link.link(connection, by_phone, other_address, ME, after(5))
        respond.respond(connection, by_mail.reference, after(20), book, actor=ME)
        view = person.show(connection, by_mail.reference, Scope(), NOW, book)
        assert view
        assert [row.contact.id for row in view.rows] == [other_address.id, by_phone.id, both.id, by_mail.id]
        assert stranger.id not in {row.contact.id for row in view.rows}
        assert [row.because for row in view.rows] == [
            *("By way of another of these", "By way of another of these"),
            *("Same address or number", "This one"),
        ]
        assert (view.addresses, view.numbers) == (("z@work.example", "zoe@residents.example"), ("+441632960001",))
        assert view.rows[-1].standing == "Answered on Sunday 13 December 2026, late"
        assert (view.rows[1].words, view.rows[1].standing) == ("Message 3.", "Open")
        assert view.rows[1].due_at == by_phone.due_at
        words.index(connection)
        back = person.show(connection, by_phone.reference, Scope(), NOW, book)
        assert back
        assert [row.contact.id for row in back.rows] == [other_address.id, by_phone.id, both.id, by_mail.id]
        merge.merge(connection, other_address, by_phone, "", ME, after(6))
        view = person.show(connection, both.reference, Scope(), NOW, book)
        assert view
        assert view.rows[0].standing == "Goes on in another one"
        assert view.rows[1].because == "Gave the same address or number"


def test_what_other_teams_have_is_counted_and_not_shown(store: Store, book: Rulebook, mail: Make) -> None:
    """Neither its words nor an address that only stands there; and a contact of theirs is not there at all."""
    teams = {**book.outgoing.teams, "housing": Team("housing", ("housing@example.gov.uk",), "post")}
    two = altered(book, teams=teams)
    with writing(store) as connection:
        own = arrive(connection, two, form(1), 0)
        theirs = arrive(connection, two, form(2, email="zoe@residents.example"), 1)
        link.link(connection, own, theirs, ME, after(2))
        assign.assign(connection, theirs.reference, Holder("housing"), ME, after(2), two)
        view = person.show(connection, own.reference, Scope(frozenset({"front"})), NOW, two)
        assert view
        assert ([row.contact.id for row in view.rows], view.unseen) == ([own.id], 1)
        assert (view.addresses, view.numbers) == ((), ("+441632960001",))
        assert person.show(connection, theirs.reference, Scope(frozenset({"front"})), NOW, two) is None


def test_a_long_past_is_shown_page_by_page_and_ends(store: Store, book: Rulebook) -> None:
    """Nobody's page reads the whole store."""
    with writing(store) as connection:
        batch = tuple(form(number) for number in range(people.MOST + 5))
        filed = receive(connection, Batch(batch), Reading("website"), NOW, book, Capacity()).filed
        first = again(connection, filed[0].reference)
        view = person.show(connection, first.reference, Scope(), NOW, book, page=2, most=3)
        assert view
        assert view.is_cut
        assert (len(view.rows), view.page) == (3, 2)
        assert view.pages == -(-people.MOST // 3)
        assert len(contacts.list_all(connection)) == people.MOST + 5


def test_a_person_without_any_address_has_the_one_contact(store: Store, book: Rulebook, mail: Make) -> None:
    """What nobody can be told by ties nothing together."""
    with writing(store) as connection:
        letter = replace(mail(1), sender=None, mail=None, told_by="staff", fields={"name": "Sam"})
        first = arrive(connection, book, letter, 0)
        arrive(connection, book, replace(letter, external_id="another", digest="another"), 1)
        view = person.show(connection, first.reference, Scope(), NOW, book)
        assert view
        assert [row.contact.id for row in view.rows] == [first.id]
        assert (view.addresses, view.numbers, view.unseen, view.is_cut) == ((), (), 0, False)


def test_a_platforms_name_is_an_address(store: Store, book: Rulebook, mail: Make) -> None:
    """It is shown as it is, and is no telephone."""
    with writing(store) as connection:
        named = replace(mail(1), sender=Party("facebook:123", "Sam"), mail=None, told_by="staff")
        view = person.show(connection, arrive(connection, book, named, 0).reference, Scope(), NOW, book)
        assert view
        assert (view.addresses, view.numbers) == (("facebook:123",), ())
