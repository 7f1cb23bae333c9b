"""What staff are sent about a contact begins with where to open it and where to say that they have it."""

from dataclasses import replace

import pytest
from sqlalchemy import Connection

from bot.channel import Permanent
from bot.core.contacts import Contact
from bot.core.deliveries import NewDelivery, Purpose, State
from bot.core.escalations import FIXED_STEPS, RESPOND_LADDER
from bot.core.responses import Judgement, Kind
from bot.core.rules import RuleName
from bot.flows.changes import staff_answers
from bot.flows.changes.staff_answers import StaffAnswer
from bot.flows.desk import linked
from bot.flows.intake import bounces, follow_up
from bot.flows.outgoing import after_restore, alert, daily_list, failures
from bot.flows.outgoing.bundle import joint
from bot.flows.outgoing.claimed import Claimed
from bot.flows.outgoing.compose import MessageWriter
from bot.flows.outgoing.failures import Failed
from bot.flows.rulebook import Rulebook
from bot.render.compose import Composer
from bot.settings.reading import PACKAGED
from bot.store import contacts, outbox
from bot.store.engine import Store
from tests.flows.conftest import NOW, Make, writing
from tests.flows.desk import logged
from tests.flows.test_urgent import GAS
from tests.rulebooks import altered

SITE = "https://contact.example.gov.uk"


@pytest.fixture
def secret_book(book: Rulebook) -> Rulebook:
    """A rulebook with pages of ours, and a secret that signs links; mail comes in, and text messages are paid for."""
    paid = {"words": frozenset({"sms"}), "most_a_day": {"sms": 100}}
    ways = {"inbox": replace(book.ways["inbox"], medium="email")}
    return altered(book, secret=b"a secret of the test", website=SITE, urgent=(GAS,), ways=ways, **paid)


def _queued(connection: Connection, contact: Contact, book: Rulebook) -> dict[str, list[NewDelivery]]:
    """Everything that staff are told of a contact."""
    receipt = outbox.acknowledgements_of(connection, [contact.id])[contact.id]
    failed = Failed(receipt, "our acknowledgement", NOW, Permanent("550 no"), State.PERMANENT_FAILURE, None)
    answer = StaffAnswer(contact.id, contact.reference, NOW, Judgement(Kind.UNPROVEN, "nothing proves it"))
    return {
        **{step.name: alert.step_alerts(contact, step, NOW, book) for step in (*RESPOND_LADDER, *FIXED_STEPS)},
        "handed over": alert.handed_over(contact, NOW, book),
        "urgent": alert.urgent_alerts(contact, 0, NOW, book),
        "undelivered": failures.notices(connection, failed, book),
        "unclear": list(bounces._unclear(receipt, contact, NOW, book).notices),
        "challenge": list(follow_up.automatic(contact, RuleName.CHALLENGE, 1, NOW, book).notices),
        "is this your answer": staff_answers.question(contact, answer, NOW, book),
    }


def _claimed(connection: Connection, rows: list[NewDelivery]) -> Claimed:
    """The first of them as it was queued, with its contact where it has one."""
    outbox.queue(connection, rows)
    waiting = outbox.claim(connection, rows[0].channel, NOW, NOW, 500)
    (delivery,) = (each for each in waiting if each.key == rows[0].key)
    ids = [delivery.contact_id] if delivery.contact_id else []
    return Claimed(delivery, contacts.with_id(connection, ids).get(delivery.contact_id or 0) if ids else None)


def _text(claim: Claimed, book: Rulebook) -> str:
    """The words as an outlet for chats has them: those of the mail."""
    chatting = altered(book, words=frozenset({"chat"}))
    chat = replace(claim, delivery=replace(claim.delivery, channel="chat"))
    return _writer(chatting).write(chat, NOW).content.decode()


def _writer(book: Rulebook) -> MessageWriter:
    directories = tuple(p / "templates" for p in PACKAGED if (p / "templates").is_dir())
    constants = {
        "organisation": "Exampleshire Council",
        "phone": "",
        "website": "",
        "bsl_url": "",
        "site": book.outgoing.website,
    }
    return MessageWriter(Composer(directories, constants), book, book.secret)


def test_each_mail_begins_with_its_two_links(store: Store, secret_book: Rulebook, mail: Make) -> None:
    """Whatever it is about; the second is of this reader and this contact, and looking at it changes nothing."""
    with writing(store) as connection:
        contact = logged(connection, secret_book, mail(1, text="I smell gas."))
        queued = {name: rows for name, rows in _queued(connection, contact, secret_book).items() if rows}
        assert {"urgent", "undelivered", "unclear", "challenge", "is this your answer", "handed over"} <= set(queued)
        for name, rows in queued.items():
            lines = [line for line in _text(_claimed(connection, rows), secret_book).splitlines() if line]
            assert lines[1] == f"* Open it: {SITE}/console/contacts/{contact.reference}", name
            assert lines[2].startswith(f"* I have it: {SITE}/alerts/"), name
            behind = linked.show(connection, lines[2].rpartition("/")[2], NOW, secret_book)
            assert behind is not None
            assert (behind.reference, behind.taken_by) == (contact.reference, "")
            assert "ackbot " not in "\n".join(lines), name
            assert "inbox" not in "\n".join(lines), name


def test_who_is_given_a_paused_contact_is_promised_no_date(store: Store, secret_book: Rulebook, mail: Make) -> None:
    """It has none until the person has answered our question."""
    with writing(store) as connection:
        contact = replace(logged(connection, secret_book, mail(1)), respond_by=None, paused_at=NOW)
        claim = _claimed(connection, alert.handed_over(contact, NOW, secret_book))
        assert "promised: to answer once the person has told us more." in _text(
            replace(claim, contact=contact), secret_book
        )


def test_where_there_are_no_pages_of_ours_the_console_is_named(store: Store, secret_book: Rulebook, mail: Make) -> None:
    """In plain words, with the reference."""
    bare = altered(secret_book, website="")
    with writing(store) as connection:
        contact = logged(connection, bare, mail(1, text="I smell gas."))
        for name, rows in _queued(connection, contact, bare).items():
            text = _text(_claimed(connection, rows), bare) if rows else ""
            assert not rows or f"Look up {contact.reference} in the console." in text, name
            assert "http" not in text
            assert "ackbot " not in text


def test_many_in_one_message_have_their_own_links(store: Store, secret_book: Rulebook, mail: Make) -> None:
    """Each contact is opened, and taken, by itself; urgent ones also all at once."""
    with writing(store) as connection:
        dangers = [logged(connection, secret_book, mail(n, text=f"I smell gas, {n}.")) for n in range(3)]
        for purpose in (Purpose.ALERT, Purpose.URGENT):
            rows = [
                alert.step_alerts(contact, RESPOND_LADDER[2], NOW, secret_book)
                if purpose is Purpose.ALERT
                else alert.urgent_alerts(contact, 0, NOW, secret_book)
                for contact in dangers
            ]
            text = _text(joint(connection, [_claimed(connection, each) for each in rows]), secret_book)
            for contact in dangers:
                assert f"{SITE}/console/contacts/{contact.reference}" in text
                assert purpose is Purpose.URGENT or f"I have {contact.reference}: {SITE}/alerts/" in text
            assert ("* I have all of them: " in text) is (purpose is Purpose.URGENT)


def test_the_daily_list_says_whose_each_is(store: Store, secret_book: Rulebook, mail: Make) -> None:
    """The owner's, or whoever's who has taken it; else the team's, by its title."""
    with writing(store) as connection:
        contact = replace(logged(connection, secret_book, mail(1)), team="front-office")
    of_jo = replace(contact, taken_by="staff:jo@example.gov.uk")
    listed = [contact, of_jo, replace(of_jo, owner="al@x")]
    rows = daily_list.values(listed, "jo@example.gov.uk", NOW, secret_book)["rows"]
    assert [row["whose"] for row in rows] == ["Front office", "yours", "al@x"]


def test_whoever_looks_after_it_is_led_to_a_page(secret_book: Rulebook) -> None:
    """Where nobody is named for that it is the first team, whose people have no command line."""
    queued = [
        *after_restore.notices(NOW, NOW, secret_book),
        *follow_up.own_mail(secret_book.clocks.timing.own_mails_a_day, NOW, secret_book).notices,
    ]
    for notice in queued:
        assert notice.details["page"].partition("?")[0] in ("backlog", "queue")
        assert "ackbot " not in notice.details["action"]


def test_a_telephone_has_the_essential_alone(store: Store, secret_book: Rulebook, mail: Make) -> None:
    """The danger, both links, what to do: within two parts of a text message or three."""
    with writing(store) as connection:
        contact = logged(connection, secret_book, mail(1, text="I smell gas."))
        (row,) = alert.urgent_alerts(contact, 0, NOW, secret_book)
        claim = _claimed(connection, [row])
        sms = replace(claim, delivery=replace(claim.delivery, channel="sms", recipient="channel:sms"))
        message = _writer(secret_book).write(sms, NOW)
    assert message.subject == f"Urgent, {contact.reference}: There may be gas"
    assert message.content.decode().startswith(f"There may be gas\n\n* Open it: {SITE}/console/")
    assert len(message.content) < 300


def test_a_notice_of_before_there_were_links_still_leaves(store: Store, secret_book: Rulebook) -> None:
    """What an older program queued has neither reference nor page."""
    words = {"subject": "Look", "happened": "Something happened.", "action": "Look at it."}
    with writing(store) as connection:
        claim = _claimed(connection, alert.notices("front", "old", NOW, secret_book, **words))
        assert claim.delivery.details == words
        assert _text(claim, secret_book).startswith("Look\n\nSomething happened.\n\nWhat to do\n\nLook at it.")
        page = _claimed(connection, alert.notices("front", "page", NOW, secret_book, page="backlog", **words))
        assert _text(page, secret_book).startswith(f"Look\n\n* Open it: {SITE}/console/backlog\n")
