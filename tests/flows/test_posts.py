"""What becomes of messages on a platform: threads, public words, windows, changes afterwards, staff's own answers."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.channel import Batch
from bot.core.contacts import Contact
from bot.core.deliveries import Delivery
from bot.core.escalations import Window
from bot.core.messages import Inbound, Party, Post
from bot.flows import escalate
from bot.flows.changes.acknowledge_now import acknowledge_now
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import Received, receive
from bot.flows.outgoing import deliver
from bot.flows.outgoing.claimed import Claimed
from bot.flows.outgoing.compose import MessageWriter
from bot.flows.outgoing.deliver import Attempt, ClaimTerms
from bot.flows.rulebook import Rulebook, Way
from bot.render.compose import Composer
from bot.settings.reading import PACKAGED
from bot.store import contacts, outbox, retention
from bot.store.engine import Store
from bot.wire.platforms.deletion_requests import DeletionRequest
from tests.flows.conftest import NOW, writing
from tests.flows.desk import after, again, claim_all
from tests.rulebooks import altered

Say = Callable[..., Inbound]
DAY, WEEK = timedelta(hours=24), timedelta(days=7)


@pytest.fixture
def page(book: Rulebook) -> Rulebook:
    """A page whose platform takes automatic answers for a day, and a person's for a week."""
    ways = {"page": Way("page", "front", medium="facebook", window=Window(DAY, WEEK))}
    return altered(book, ways={**book.ways, **ways}, texts=frozenset({"page"}))


@pytest.fixture
def say() -> Say:
    """Makes a message on the page; `on` is the instant."""

    def make(number: int, words: str = "The bin was missed.", *, person: str = "ann", **more: Any) -> Inbound:
        public = more.pop("public", False)
        usual: dict[str, Any] = {"kind": "mention" if public else "message"}
        usual |= {} if public else {"conversation": f"thread of {person}"}
        outgoing = more.pop("outgoing", False)
        return Inbound(
            channel="page",
            external_id=more.pop("name", f"m{number}"),
            digest=hashlib.sha256(words.encode()).hexdigest(),
            sender=None if outgoing else Party(f"facebook:{person}", person.title()),
            text=words,
            received_at=more.pop("on", NOW),
            outgoing=outgoing,
            visibility="public" if public else "private",
            post=Post(**usual | more),
            raw=words.encode(),
        )

    return make


def take(connection: Connection, book: Rulebook, *messages: Inbound, now: datetime = NOW) -> Received:
    """Log them at once."""
    return receive(connection, Batch(messages), Reading("page"), now, book, Capacity())


def send_all(connection: Connection, book: Rulebook, now: datetime = NOW) -> list[str]:
    """Hand over what waits; each is called `sent N` there."""
    claimed = deliver.claim(connection, "page", now, ClaimTerms(timedelta(minutes=5)), 50, book)
    names = [f"sent {claim.delivery.id}" for claim in claimed]
    pairs = zip(claimed, names, strict=True)
    deliver.record(connection, [Attempt(claim.delivery, now, external_id=name) for claim, name in pairs], book)
    return names


def claim_on(connection: Connection, outlet: str, book: Rulebook) -> list[Delivery]:
    """What would leave there now."""
    return [
        claim.delivery for claim in deliver.claim(connection, outlet, NOW, ClaimTerms(timedelta(minutes=5)), 50, book)
    ]


def only(connection: Connection) -> Contact:
    """The one contact that there is."""
    (contact,) = contacts.list_all(connection)
    return contact


def letter(contact: Contact, connection: Connection, book: Rulebook) -> str:
    """The receipt of a contact as it would leave."""
    composer = Composer(
        [d / "templates" for d in PACKAGED if (d / "templates").is_dir()],
        {"organisation": "Exampleshire Council", "phone": "0300 123 2224", "website": "", "bsl_url": "", "site": ""},
    )
    delivery = outbox.acknowledgements_of(connection, [contact.id])[contact.id]
    outbound = MessageWriter(composer, book, b"s").write(Claimed(delivery, contact), NOW)
    assert outbound.public == (contact.visibility == "public")
    return outbound.content.decode()


def test_a_private_thread_is_one_contact_with_one_receipt(store: Store, page: Rulebook, say: Say) -> None:
    """Three photos and a line, in one call or in several, are one matter; another person's are another."""
    with writing(store) as connection:
        photos = [say(n, "", holds=("image",)) for n in (1, 2)]
        filed = take(connection, page, *photos, say(9, person="bob")).filed
        assert [result.outcome for result in filed] == ["acknowledge", "attach", "acknowledge"]
        assert take(connection, page, say(3, "It is the blue one.", on=after(0.01)), now=after(0.01)).filed[0].new
        assert take(connection, page, *photos).filed[0].new is False
        ann, bob = contacts.list_all(connection)
        assert len(send_all(connection, page)) == 2
        assert (ann.sender_name, bob.sender_name) == ("Ann", "Bob")
        assert len(contacts.messages_of(connection, ann.id)) == 3
        assert '"holds": "image"' in contacts.messages_of(connection, ann.id)[0].fields


def test_the_receipt_says_what_the_window_makes_necessary(store: Store, page: Rulebook, say: Say) -> None:
    """We can write there for a week only, and promise ten working days: so we ask for another way."""
    with writing(store) as connection:
        take(connection, page, say(1))
        words = letter(only(connection), connection, page)
    assert "Monday 7 December 2026" in words
    assert "Please send us your email address or phone number." in words
    assert "EX-" in words
    assert "automatic" in words
    assert len(words) <= 440


def test_in_public_there_is_one_fixed_answer_a_day(store: Store, page: Rulebook, say: Say) -> None:
    """The same words for everybody, without the reference; the next day there is one again."""
    with writing(store) as connection:
        take(connection, page, say(1, "My name is Ann and my flat is damp", public=True))
        words = letter(only(connection), connection, page)
        assert len(words) <= 200
        assert not {"EX-", "Ann", "damp", "2026"} & set(words.split())
        assert "EX-" not in words
        second = say(2, "And cold", public=True, on=after(0.5))
        assert take(connection, page, second, now=after(0.5)).filed[0].rule == "18 one of several"
        assert len(send_all(connection, page, after(0.5))) == 1
        assert all(contact.acknowledged_at for contact in contacts.list_all(connection))
        take(connection, page, say(3, "Still cold", public=True, on=after(1.6)), now=after(1.6))
        assert len(send_all(connection, page, after(1.6))) == 1


def test_what_the_configuration_leaves_to_staff(store: Store, page: Rulebook, say: Say) -> None:
    """Its clock runs, and nothing leaves."""
    for receipts, private, public in (("private", 1, 0), ("public", 0, 1), ("none", 0, 0), ("both", 1, 1)):
        with writing(store) as connection:
            values: dict[str, Any] = {"receipts": receipts}
            ways = {"page": replace(page.ways["page"], **values)}
            book = replace(page, ways=ways)
            people = (f"a-{receipts}", f"b-{receipts}")
            take(connection, book, say(1, person=people[0], name=f"1{receipts}"))
            take(connection, book, say(2, person=people[1], name=f"2{receipts}", public=True))
            assert len(send_all(connection, book)) == private + public
            left = contacts.list_all(connection)[-2:]
            assert [c.outcome for c in left] == ["acknowledge" if sent else "ask" for sent in (private, public)]
            assert all(contact.respond_by for contact in left)


def test_staff_send_a_receipt_after_all(store: Store, page: Rulebook, say: Say) -> None:
    """Into the thread in which the person wrote."""
    with writing(store) as connection:
        values: dict[str, Any] = {"receipts": "none"}
        book = replace(page, ways={"page": replace(page.ways["page"], **values)})
        take(connection, book, say(1))
        acknowledge_now(connection, only(connection).reference, "", "staff:me", NOW, book)
        (delivery,) = claim_on(connection, "page", book)
        assert delivery.details == {"in_reply_to": "m1", "conversation": "thread of ann"}
        assert delivery.recipient == "facebook:ann"


def test_what_nobody_must_be_answered_for(store: Store, page: Rulebook, say: Say) -> None:
    """Programs, comments and reactions are logged as what they are, and owe nothing."""
    with writing(store) as connection:
        kinds: list[dict[str, Any]] = [
            {"by_program": True},
            {"kind": "comment", "public": True},
            {"kind": "reaction", "about": "elsewhere"},
        ]
        for number, more in enumerate(kinds):
            take(connection, page, say(number, person=f"p{number}", **more))
        rules = [(contact.rule, contact.state) for contact in contacts.list_all(connection)]
        assert rules == [("25 program's post", "logged"), ("27 comment", "logged"), ("26 reaction", "logged")]
        assert send_all(connection, page) == []
        take(connection, page, say(7, person="p0"))
        assert contacts.list_all(connection)[-1].state == "open", "what is only logged begins no thread"


def test_staffs_answers_are_told_from_our_own(store: Store, page: Rulebook, say: Say) -> None:
    """Ours by the platform's name of it, also before that is known; staff's stop the clock."""
    with writing(store) as connection:
        take(connection, page, say(1))
        claimed = deliver.claim(connection, "page", NOW, ClaimTerms(timedelta(minutes=5)), 50, page)
        echo = say(2, "We have your message.", outgoing=True, conversation="thread of ann", name="receipt")
        assert take(connection, page, echo).filed[0].outcome == "our own"
        deliver.record(connection, [Attempt(claim.delivery, NOW, external_id="receipt") for claim in claimed], page)
        assert take(connection, page, echo).filed[0].outcome == "our own"
        marked = replace(echo, external_id="another", post=Post(conversation="thread of ann", automatic=True))
        assert take(connection, page, marked).filed[0].outcome == "our own"
        assert only(connection).state == "open"
        holding = say(3, "We will look into it and get back to you.", outgoing=True, conversation="thread of ann")
        take(connection, page, holding, now=after(0.1))
        assert only(connection).state == "open"
        full = say(4, "The crew has been; sorry.", outgoing=True, answers=("m1",), on=after(0.2))
        take(connection, page, full, now=after(0.2))
        assert (only(connection).state, only(connection).responded_at) == ("answered", after(0.2))


def test_an_answered_thread_opens_again_and_much_later_is_a_new_matter(store: Store, page: Rulebook, say: Say) -> None:
    """Within 28 days the same contact, without another receipt; after that one of its own."""
    with writing(store) as connection:
        take(connection, page, say(1))
        send_all(connection, page)
        take(connection, page, say(2, "Done, and sorry.", outgoing=True, conversation="thread of ann", on=NOW))
        assert only(connection).state == "answered"
        take(connection, page, say(3, "It is back!", on=after(3)), now=after(3))
        assert only(connection).state == "open"
        again_done = say(4, "Done again, and sorry.", outgoing=True, conversation="thread of ann", on=after(3.1))
        take(connection, page, again_done, now=after(3.1))
        take(connection, page, say(5, "Something else.", on=after(40)), now=after(40))
        first, second = contacts.list_all(connection)
        assert (first.state, second.state, second.linked_to) == ("answered", "open", first.id)


def test_an_edit_of_what_never_came_is_a_message(store: Store, page: Rulebook, say: Say) -> None:
    """Once, in private; what it changed is a part of the same contact when it comes after all."""
    with writing(store) as connection:
        edit = say(2, "The bin at 5 Mill Lane", kind="edit", about="m1", name="m1 edited")
        (filing, repeat) = take(connection, page, edit, edit).filed
        assert (filing.new, filing.outcome, repeat.new) == (True, "acknowledge", False)
        assert take(connection, page, say(1)).filed[0].reference == filing.reference
        for other in ({"public": True}, {"outgoing": True}, {"words": ""}):
            stray = say(3, kind="edit", about="m9", name=f"m9 {other}", **other)
            assert take(connection, page, stray).filed[0].reference is None


def test_edits_and_what_is_taken_back(store: Store, page: Rulebook, say: Say) -> None:
    """The first words stay beside the new ones; what is taken back is gone, and that it was is kept."""
    with writing(store) as connection:
        take(connection, page, say(1, "The bin at 4 Mill Lane"))
        edit = say(2, "The bin at 5 Mill Lane", kind="edit", about="m1", name="m1 edited")
        assert take(connection, page, edit, edit).filed[0].rule == "29 edited"
        texts = [m.text for m in contacts.messages_of(connection, only(connection).id)]
        assert texts == ["The bin at 4 Mill Lane", "The bin at 5 Mill Lane"]
        gone = say(3, "", kind="deletion", about="m1", name="m1 gone")
        assert take(connection, page, gone, gone).filed[0].rule == "29 taken back"
        assert {m.text for m in contacts.messages_of(connection, only(connection).id)} == {""}
        assert b"4 Mill Lane" not in b"".join(contacts.raw_messages_of(connection, only(connection).id))
        kinds = [event.kind for event in contacts.events_of(connection, only(connection).id)]
        assert kinds[-2:] == ["edited", "taken back"]
        take(connection, page, say(5, "The bin at 6 Mill Lane"))
        retention.hold(connection, only(connection).id, "a claim")
        take(connection, page, say(6, "", kind="deletion", about="m5", name="m5 gone"))
        assert "The bin at 6 Mill Lane" in {m.text for m in contacts.messages_of(connection, only(connection).id)}
        unknown = say(4, "", kind="deletion", about="never seen", name="x gone")
        assert take(connection, page, unknown).filed[0].new is False


def test_both_ends_of_the_window(store: Store, page: Rulebook, say: Say) -> None:
    """Four hours before no receipt can leave, 24 before nobody can answer; what is too late is a task for staff."""
    with writing(store) as connection:
        take(connection, page, say(1))
        contact = only(connection)
        assert contact.platform_reply_by == NOW + WEEK
        escalate.escalate(connection, after(0.5), 10, page)
        assert "acknowledge-late" in {d.step for d in claim_all(connection, page, after(0.5))}
        escalate.escalate(connection, after(0.84), 10, page)
        assert {d.step for d in claim_all(connection, page, after(0.84))} == {"receipt-window-closes"}
        claimed = deliver.claim(connection, "page", after(1.1), ClaimTerms(timedelta(minutes=5)), 50, page)
        assert [deliver.too_late(claim, after(0.99), page) for claim in claimed] == [""]
        assert all(deliver.too_late(claim, after(1.1), page) for claim in claimed)
        escalate.escalate(connection, after(6.1), 10, page)
        assert "window-closes" in {d.step for d in claim_all(connection, page, after(6.1))}
        escalate.escalate(connection, after(6.5), 10, page)
        assert "window-closes" not in {d.step for d in claim_all(connection, page, after(6.5))}


def test_what_comes_late_has_its_fifteen_minutes(store: Store, page: Rulebook, say: Say) -> None:
    """After an outage of an hour nobody is alerted for each message whose receipt is about to leave."""
    with writing(store) as connection:
        take(connection, page, say(1, on=after(-0.04)), say(2, person="bob", on=after(-0.04)))
        assert escalate.escalate(connection, NOW, 10, page) == 0
        (first, *_) = deliver.claim(connection, "page", NOW, ClaimTerms(timedelta(minutes=5)), 1, page)
        deliver.record(connection, [Attempt(first.delivery, NOW)], page)
        escalate.escalate(connection, after(0.02), 10, page)
        assert [d.contact_id for d in claim_all(connection, page, after(0.02))] == [2]


def test_the_window_runs_from_the_last_message(store: Store, page: Rulebook, say: Say) -> None:
    """Each message of the person moves both its ends."""
    with writing(store) as connection:
        take(connection, page, say(1))
        take(connection, page, say(2, "Hello?", on=after(2)), now=after(2))
        assert again(connection, only(connection).reference).platform_reply_by == after(2) + WEEK


def test_a_request_to_delete_data_is_a_contact_for_staff(store: Store, page: Rulebook) -> None:
    """The platform has told the person a code: nothing leaves, the clock runs, and it is there once."""
    request = DeletionRequest("218471", "0A1B2C3D4E5F", NOW.timestamp()).inbound("page")
    with writing(store) as connection:
        assert [result.new for result in take(connection, page, request).filed] == [True]
        assert [result.new for result in take(connection, page, request).filed] == [False]
        contact = only(connection)
        assert (contact.state, contact.acknowledged_at, contact.respond_by is None) == ("open", NOW, False)
        assert contact.subject == "A request to delete data"
        assert send_all(connection, page) == []
