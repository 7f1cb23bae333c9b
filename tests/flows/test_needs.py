"""The language and the needs of a person: noted once, obeyed by every contact of theirs, and taken away again."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from bot.channel import Batch
from bot.core.closings import Outcome
from bot.core.contacts import Contact, State
from bot.core.events import EventKind
from bot.core.messages import Inbound
from bot.core.needs import Need
from bot.flows.changes import close, link, merge, needs, respond, split
from bot.flows.changes.refusals import Refused
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import receive
from bot.flows.rulebook import Rulebook
from bot.store import contacts, retention
from bot.store.engine import Store
from channels import web_form
from tests.flows.conftest import NOW, Make, writing
from tests.flows.desk import after, again, logged
from tests.rulebooks import altered

ME, PERSON = "staff:me@example.gov.uk", "person"
SAM = {"From": "Sam <sam@residents.example>"}
PRINT, BRAILLE = Need.LARGE_PRINT, Need.BRAILLE


def form(number: int, **fields: str) -> Inbound:
    """What somebody sent by the form, with what it says of language and needs."""
    more: dict[str, str] = {name: fields.pop(name) for name in ("language", "needs") if name in fields}
    values = {"name": "Sam", "email": "sam@residents.example", "message": f"Message {number}.", **fields}
    read = web_form.build("website", web_form.Settings(name="website", kind="web_form")).read(values)
    assert isinstance(read, Inbound)
    return replace(read, external_id=f"form {number}", fields=dict(read.fields) | more)


def arrive(connection: Connection, book: Rulebook, message: Inbound, days: float = 1) -> Contact:
    """The contact of what came so many days after NOW."""
    at = NOW + timedelta(days=days)
    received = receive(connection, Batch((replace(message, received_at=at),)), Reading("x"), at, book, Capacity())
    return again(connection, received.filed[0].reference)


def obeyed(connection: Connection, contact: Contact) -> tuple[str, str]:
    """In which language, and with which needs in mind, this contact is written to."""
    current = again(connection, contact.reference)
    return current.wished_language, current.need_codes


def test_a_wish_holds_for_everything_of_the_person(store: Store, book: Rulebook, mail: Make) -> None:
    """For what is open, for what is answered or closed and may be opened again, for what comes, and not for others."""
    with writing(store) as connection:
        own = [logged(connection, book, mail(number, text=f"{number}.", **SAM)) for number in (1, 2, 3)]
        stranger = logged(connection, book, mail(4))
        respond.respond(connection, own[1].reference, after(1), book, actor=ME)
        close.close(connection, own[2].reference, ME, after(1), book, close.Closing(outcome=Outcome.TEST))
        needs.wish(connection, own[0], "pl", [BRAILLE, PRINT], PERSON, after(2))
        own.append(arrive(connection, book, mail(5, text="Five.", **SAM), 3))
        assert {obeyed(connection, contact) for contact in own} == {("pl", "large-print braille")}
        assert obeyed(connection, stranger) == ("", "")


def test_a_wish_is_taken_away_as_it_was_made(store: Store, book: Rulebook, mail: Make) -> None:
    """Nothing is left of it, neither for the person nor for a contact."""
    with writing(store) as connection:
        contact = logged(connection, book, mail(1, **SAM))
        needs.wish(connection, contact, "pl", [BRAILLE], PERSON, after(1))
        needs.wish(connection, contact, "", [], PERSON, after(2))
        assert needs.needs_of(connection, contact.id) is None
        assert obeyed(connection, contact) == ("", "")
        assert obeyed(connection, arrive(connection, book, mail(2, text="Two.", **SAM), 3)) == ("", "")


def test_language_and_needs_leave_one_another_alone(store: Store, book: Rulebook, mail: Make) -> None:
    """Whoever notes the one, the word of the other stays whose it was; words that are no code stay beside the codes."""
    with writing(store) as connection:
        contact = logged(connection, book, mail(1, **SAM))
        needs.note_needs(connection, contact, "Large print; Guide dog", ME, after(1))
        needs.wish(connection, contact, "cy", [PRINT, BRAILLE], PERSON, after(2))
        needs.note_needs(connection, contact, "Braille; Guide dog", ME, after(3))
        need = needs.needs_of(connection, contact.id)
        assert need
        assert (need.needs, need.noted_by) == ("Braille; Guide dog", ME)
        assert (need.language, need.language_by, need.language_at) == ("cy", PERSON, after(2))
        assert obeyed(connection, contact) == ("cy", "braille")


def test_the_history_has_codes_and_no_words(store: Store, book: Rulebook, mail: Make) -> None:
    """What is noted anew and is the same adds nothing."""
    with writing(store) as connection:
        contact = logged(connection, book, mail(1, **SAM))
        for day in (1, 2):
            needs.note_needs(connection, contact, "Audio; Guide dog", ME, after(day), language="ur")
        events = contacts.events_of(connection, contact.id)
        details = [event.details for event in events if event.kind == EventKind.NEEDS_NOTED]
        assert details == [{"needs": "audio", "language": "ur"}]


def test_an_unknown_language_is_refused(store: Store, book: Rulebook, mail: Make) -> None:
    """And changes nothing."""
    with writing(store) as connection:
        contact = logged(connection, book, mail(1, **SAM))
        with pytest.raises(Refused, match="choose one of these languages"):
            needs.wish(connection, contact, "tlh", [PRINT], PERSON, after(1))
        assert needs.needs_of(connection, contact.id) is None


def test_a_form_is_obeyed_at_once_and_remembered(store: Store, book: Rulebook, mail: Make) -> None:
    """For the address that it names, as long as nobody has noted anything else: by mail and by telephone, too."""
    with writing(store) as connection:
        first = arrive(connection, book, form(1, phone="01632 960 001", language="pl", needs="braille bsl"), 1)
        by_mail = arrive(connection, book, mail(2, text="Two.", **SAM), 2)
        by_phone = arrive(connection, book, form(3, email="", phone="01632 960 001"), 3)
        second = arrive(connection, book, form(4, language="ro", text="Four."), 4)
        wishes = [obeyed(connection, contact) for contact in (first, by_mail, by_phone, second)]
        assert wishes == [*[("pl", "braille bsl")] * 3, ("ro", "braille bsl")]
        need = needs.needs_of(connection, second.id)
        assert need
        assert (need.language, need.language_by, need.noted_by) == ("ro", needs.FORM, needs.FORM)


def test_a_form_changes_nothing_that_somebody_noted(store: Store, book: Rulebook, mail: Make) -> None:
    """Whoever filled it in may be somebody else: it holds for its own contact, and for no other."""
    with writing(store) as connection:
        contact = logged(connection, book, mail(1, **SAM))
        needs.wish(connection, contact, "cy", [PRINT], PERSON, after(1))
        stranger = arrive(connection, book, form(2, language="ar", needs="braille"), 2)
        assert obeyed(connection, stranger) == ("ar", "large-print braille")
        assert obeyed(connection, contact) == ("cy", "large-print")
        assert obeyed(connection, arrive(connection, book, mail(3, text="Three.", **SAM), 3)) == ("cy", "large-print")


def test_a_form_says_nothing_of_what_was_there_before(store: Store, book: Rulebook, mail: Make) -> None:
    """The contacts that its address has already are written to as they were."""
    with writing(store) as connection:
        contact = logged(connection, book, mail(1, **SAM))
        arrive(connection, book, form(2, language="ar", needs="audio"), 2)
        assert obeyed(connection, contact) == ("", "")


@pytest.mark.parametrize("fields", [{"language": "tlh", "needs": "gold"}, {"language": "x" * 9000, "needs": " "}])
def test_what_nobody_knows_is_left_out(store: Store, book: Rulebook, fields: dict[str, str]) -> None:
    """Fields are posted by hand, too."""
    with writing(store) as connection:
        contact = arrive(connection, book, form(1, **fields))
        assert obeyed(connection, contact) == ("", "")
        assert needs.needs_of(connection, contact.id) is None


def test_a_person_without_an_address_has_wishes_too(store: Store, book: Rulebook) -> None:
    """They stand with their contact."""
    with writing(store) as connection:
        nameless = replace(form(1, language="bn", needs="audio"), sender=None)
        contact = arrive(connection, book, replace(nameless, fields={"language": "bn", "needs": "audio"}))
        assert contact.sender_key is None
        assert obeyed(connection, contact) == ("bn", "audio")
        needs.wish(connection, contact, "bn", [Need.CALL], ME, after(2))
        assert obeyed(connection, contact) == ("bn", "call")


def test_linked_contacts_are_obeyed_together(store: Store, book: Rulebook, mail: Make) -> None:
    """Once they are parted, each stands for itself again."""
    with writing(store) as connection:
        first, second = (logged(connection, book, mail(number, text=f"{number}.")) for number in (1, 2))
        needs.wish(connection, first, "lt", [BRAILLE], PERSON, after(1))
        link.link(connection, first, second, ME, after(2))
        assert obeyed(connection, second) == ("lt", "braille")
        link.unlink(connection, first, second, ME, after(3))
        assert (obeyed(connection, first), obeyed(connection, second)) == (("lt", "braille"), ("", ""))


def test_merged_contacts_are_obeyed_together(store: Store, book: Rulebook, mail: Make) -> None:
    """What one of them needs is needed where they go on; parted again, each has its own."""
    with writing(store) as connection:
        first, second = (logged(connection, book, mail(number, text=f"{number}.")) for number in (1, 2))
        needs.wish(connection, second, "uk", [], PERSON, after(1))
        merge.merge(connection, first, second, merge.YES, ME, after(2))
        assert obeyed(connection, first) == ("uk", "")
        merge.unmerge(connection, again(connection, second.reference), None, ME, after(3), book)
        assert (obeyed(connection, first), obeyed(connection, second)) == (("", ""), ("uk", ""))


def test_what_is_split_off_is_obeyed_as_its_writer_wishes(store: Store, book: Rulebook, mail: Make) -> None:
    """The same person as before; somebody else who wrote in it, as they wish themselves."""
    book = altered(book, secret=b"s" * 32)
    with writing(store) as connection:
        contact = logged(connection, book, mail(1, **SAM))
        needs.wish(connection, contact, "pt", [PRINT], PERSON, after(1))
        to_us = {"To": book.reply_address("inbox", contact.reference)}
        arrive(connection, book, mail(2, text="Two.", **SAM, **to_us), 2)
        arrive(connection, book, mail(3, text="Three.", From="Al <al@residents.example>", **to_us), 3)
        _, own, other = contacts.messages_of(connection, contact.id)
        contact = again(connection, contact.reference)
        same = split.split(connection, contact, str(own.id), ME, after(4), book)
        assert obeyed(connection, same) == ("pt", "large-print")
        assert obeyed(connection, split.split(connection, contact, str(other.id), ME, after(4), book)) == ("", "")


def test_what_is_forgotten_wishes_nothing(store: Store, book: Rulebook, mail: Make) -> None:
    """And nothing is noted for it any more."""
    with writing(store) as connection:
        contact = logged(connection, book, mail(1, **SAM))
        needs.wish(connection, contact, "pl", [BRAILLE], PERSON, after(1))
        respond.respond(connection, contact.reference, after(2), book, actor=ME)
        retention.strip(connection, [contact.id], b"k" * 32)
        assert obeyed(connection, contact) == ("", "")
        contact_later = again(connection, contact.reference)
        assert contact_later.state == State.ANSWERED
        with pytest.raises(Refused, match="gone already"):
            needs.wish(connection, contact_later, "pl", [BRAILLE], PERSON, after(3))
