"""What an erasure and the night take out of the places beside a contact: its history, lists, names of messages."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select, text

from bot.core.contacts import Contact
from bot.core.deliveries import Purpose
from bot.core.events import Event, EventKind
from bot.core.histories import Kind
from bot.core.retention import Retention
from bot.core.subkeys import Use, subkey
from bot.flows.changes import close, forget, respond
from bot.flows.outgoing import alert
from bot.flows.people import erase, record
from bot.flows.rulebook import Rulebook
from bot.store import contacts, outbox, retention, shunt, tokens, views
from bot.store.engine import Store
from bot.store.tables import deliveries, events, messages
from tests.components.ports import wait_until
from tests.flows.conftest import NOW, Make, writing
from tests.flows.desk import again, do, logged
from tests.flows.test_mail import log

DAY = timedelta(days=1)
SAM = {"From": "Sam Resident <sam@residents.example>"}
ADDRESS = "sam@residents.example"


def key_of(book: Rulebook) -> bytes:
    """The key of forgotten names, as the service derives it."""
    return subkey(book.secret, Use.FORGOTTEN_NAMES)


def erased(connection: Connection, book: Rulebook, address: str = ADDRESS) -> erase.Erasure:
    """What an erasure says."""
    return erase.erase(connection, address, "staff:me", NOW + 9 * DAY, key_of(book))


def worked_on(connection: Connection, book: Rulebook, contact: Contact) -> Contact:
    """Staff have written down a good deal about Sam."""
    do(connection, book, contact, Kind.PAUSED, NOW + DAY, note="Sam is in hospital")
    do(connection, book, contact, Kind.RESUMED, NOW + 2 * DAY, note="Sam is back")
    respond.respond(
        connection, contact.reference, NOW + 3 * DAY, book, actor="staff:me", at=NOW + 2 * DAY, note="rang Sam"
    )
    close.close(connection, contact.reference, "staff:me", NOW + 4 * DAY, book, close.Closing(reason="Sam is content"))
    return again(connection, contact.reference)


def test_the_history_keeps_dates_and_decisions_and_no_word(store: Store, book: Rulebook, mail: Make) -> None:
    """Notes and reasons of staff go; the clocks follow from the events as before."""
    with writing(store) as connection:
        contact = worked_on(connection, book, logged(connection, book, mail(1, **SAM)))
        before = contacts.events_of(connection, contact.id)
        clocks = book.clocks.of(contact, contacts.clock_events(connection, [contact.id])[contact.id])
        assert erased(connection, book).erased == (contact.reference,)
        after = contacts.events_of(connection, contact.id)
        assert [(e.at, e.kind, e.actor) for e in after[:-1]] == [(e.at, e.kind, e.actor) for e in before]
        assert "Sam" not in json.dumps([event.details for event in after])
        assert book.clocks.of(contact, contacts.clock_events(connection, [contact.id])[contact.id]) == clocks
        details = {event.kind: event.details for event in after}
        assert details["logged"].keys() == {"outcome", "rule"}
        assert details["closed"] == {"was": "answered"}
        assert details["responded"]["recorded_at"] == (NOW + 3 * DAY).isoformat()
        assert {"respond_by", "respond_by_before"} & details["resumed"].keys()


def test_a_message_that_was_forgotten_is_recognised(store: Store, book: Rulebook, mail: Make) -> None:
    """Its name is in the store no more; the same mail is not logged twice, and another under that name is not lost."""
    with writing(store) as connection:
        contact = worked_on(connection, book, logged(connection, book, mail(1, **SAM)))
        erased(connection, book)
        names = connection.execute(select(messages.c.external_id, messages.c.message_id)).all()
        assert "1@residents.example" not in str(names) + again(connection, contact.reference).external_id
        (again_here,) = log(connection, book, mail(1, **SAM))
        assert (again_here.new, again_here.reference) == (False, contact.reference)
        (another,) = log(connection, book, mail(1, text="Something else.", **SAM))
        assert another.new
        retention.strip(connection, [contact.id], key_of(book))
        assert names[0] in connection.execute(select(messages.c.external_id, messages.c.message_id)).all()


def test_how_the_desk_took_something_down_stays(store: Store, book: Rulebook, mail: Make) -> None:
    """It says by which medium it came, which the figures need."""
    with writing(store) as connection:
        call = replace(mail(1, **SAM), external_id="phone:4711", mail=None)
        contact = worked_on(connection, book, logged(connection, book, call))
        erased(connection, book)
        name = again(connection, contact.reference).external_id
        assert name.startswith("phone:forgotten ")
        assert "4711" not in name


def test_what_a_server_said_of_an_address_goes(store: Store, book: Rulebook, mail: Make) -> None:
    """An answer such as "550 <sam@residents.example> unknown" is in no delivery."""
    with writing(store) as connection:
        contact = worked_on(connection, book, logged(connection, book, mail(1, **SAM)))
        connection.execute(deliveries.update().values(last_error=f"550 <{ADDRESS}> unknown", external_id="5"))
        erased(connection, book)
        row = connection.execute(select(deliveries).where(deliveries.c.contact_id == contact.id)).first()
        assert row is not None
        assert (row.last_error, row.external_id, row.recipient) == ("", None, "")


def test_saved_lists_that_name_the_person_go(store: Store, book: Rulebook, mail: Make) -> None:
    """By address or full name; a list for bins stays, and one for another of that first name."""
    queries = {
        "by address": "state=any&words=SAM%40residents.example",
        "by name": "words=sam+resident",
        "Sam Resident's": "state=open",
        "bins": "words=bins",
        "another Sam": "words=sam+smith",
    }
    with writing(store) as connection:
        worked_on(connection, book, logged(connection, book, mail(1, **SAM)))
        for name, query in queries.items():
            views.save(connection, "me@example.gov.uk", name, query)
        assert erased(connection, book).views == 3
        assert [view.name for view in views.of(connection, "me@example.gov.uk")] == ["another Sam", "bins"]


def test_a_list_that_names_a_telephone_number_goes_however_it_was_typed(store: Store) -> None:
    """As people are found by it."""
    with writing(store) as connection:
        views.save(connection, "me@example.gov.uk", "caller", "words=%2B44+1632+960+888")
        assert views.drop_naming(connection, ["tel:+441632960999"]) == 0
        assert views.drop_naming(connection, ["tel:+441632960888"]) == 1


def test_the_night_takes_lists_with_the_last_contact_of_a_person(store: Store, book: Rulebook, mail: Make) -> None:
    """Not before: whoever still has a contact is looked for."""
    keep = Retention(30 * DAY)
    with writing(store) as connection:
        first, second = (logged(connection, book, mail(n, text=f"Matter {n}", **SAM)) for n in (1, 2))
        views.save(connection, "me@example.gov.uk", "Sam", f"words={ADDRESS}")
        respond.respond(connection, first.reference, NOW + DAY, book, actor="staff:me")
        assert forget.forget(connection, keep, NOW + 40 * DAY, 50, key_of(book)).forgotten == 1
        assert len(views.of(connection, "me@example.gov.uk")) == 1
        respond.respond(connection, second.reference, NOW + 41 * DAY, book, actor="staff:me")
        assert forget.forget(connection, keep, NOW + 80 * DAY, 50, key_of(book)).forgotten == 1
        assert views.of(connection, "me@example.gov.uk") == []


def test_what_could_not_be_logged_goes_where_the_person_wrote_it(store: Store, book: Rulebook, mail: Make) -> None:
    """What only names them is somebody else's, and named; whatever nobody deals with goes with its time."""
    with writing(store) as connection:
        written, naming, of_others = mail(1, **SAM), mail(2, text=f"Write to {ADDRESS}."), mail(3)
        for message in (written, naming, of_others):
            assert shunt.keep(connection, replace(message, channel="inbox"), "a fault", NOW)
        erasure = erased(connection, book, "SAM@residents.example")
        assert erasure.shunted == 1
        ((name, reason),) = erasure.exceptions
        assert name == "shunted message 2"
        assert "somebody must read it" in reason
        assert [entry.id for entry in shunt.list_all(connection)] == [2, 3]
        keep = Retention(30 * DAY, reopen=28 * DAY)
        forget.forget_what_was_left(connection, keep, NOW + 29 * DAY)
        assert shunt.count(connection) == 2
        forget.forget_what_was_left(connection, keep, NOW + 31 * DAY)
        assert shunt.count(connection) == 0
        (line,) = connection.execute(select(events).where(events.c.kind == EventKind.SHUNTED_DROPPED)).all()
        assert json.loads(line.details) == {"count": 2}


def test_answers_to_programs_that_name_the_person_go(store: Store, book: Rulebook, mail: Make) -> None:
    """Others stay, so that a call that is repeated does nothing twice."""
    with writing(store) as connection:
        contact = worked_on(connection, book, logged(connection, book, mail(1, **SAM)))
        for key in ("token:crm a", "token:crm b", f"token:crm {ADDRESS}"):
            tokens.reserve(connection, key, "digest", NOW)
        tokens.keep_answer(connection, "token:crm a", 201, json.dumps({"reference": contact.reference}))
        erased(connection, book)
        answers = {key: tokens.find_answer(connection, key) for key in ("token:crm a", f"token:crm {ADDRESS}")}
        assert answers == {"token:crm a": None, f"token:crm {ADDRESS}": None}
        assert tokens.find_answer(connection, "token:crm b") is not None


def test_lines_of_the_audit_trail_without_a_contact_are_emptied_in_time(store: Store) -> None:
    """What and when stay; who did it, from where and to whom goes. Our own lines, and those about contacts, stay."""
    keep = Retention(30 * DAY, audit=400 * DAY)
    with writing(store) as connection:
        for days, actor in ((0, "staff:ann@example.gov.uk"), (0, "nobody"), (0, "ackbot"), (50, "token:crm")):
            event = Event(None, NOW + days * DAY, EventKind.REFUSED, actor, {"what": "/console/staff"})
            contacts.note(connection, [event])
        assert forget.forget_audit_lines(connection, keep, NOW + 400 * DAY, 50, b"key") == 0
        assert forget.forget_audit_lines(connection, keep, NOW + 401 * DAY, 1, b"key") == 1
        assert forget.forget_audit_lines(connection, keep, NOW + 401 * DAY, 50, b"key") == 1
        assert forget.forget_audit_lines(connection, keep, NOW + 401 * DAY, 50, b"key") == 0
        rows = connection.execute(select(events).order_by(events.c.id)).all()
        assert [(row.actor, row.details == "{}") for row in rows[:4]] == [
            ("", True),
            ("", True),
            ("ackbot", False),
            ("token:crm", False),
        ]
        assert [row.kind for row in rows[4:]] == ["forgotten", "forgotten"]


def test_notices_that_quote_an_address_lose_it(store: Store, book: Rulebook) -> None:
    """Such as one that says what a mail server answered; when their time is over they have no words at all."""
    happened = f"The mail server said: 550 <{ADDRESS.upper()}> unknown"
    with writing(store) as connection:
        outbox.queue(connection, alert.notices(None, "1", NOW, book, subject="S", happened=happened, action="A"))
        connection.execute(deliveries.update().values(state="sent", next_attempt_at=None))
        erased(connection, book)
        (notice,) = connection.execute(select(deliveries)).all()
        assert json.loads(notice.details)["happened"] == "The mail server said: 550 <(address)> unknown"
        keep = Retention(30 * DAY, audit=400 * DAY)
        assert forget.forget_audit_lines(connection, keep, NOW + 399 * DAY, 50, b"key") == 0
        assert forget.forget_audit_lines(connection, keep, NOW + 401 * DAY, 50, b"key") == 1
        assert forget.forget_audit_lines(connection, keep, NOW + 401 * DAY, 50, b"key") == 0
        (notice,) = connection.execute(select(deliveries)).all()
        assert (notice.details, notice.recipient) == ("{}", "")


@pytest.mark.parametrize("name", ["happened", "5", "Zoë", 'a "b" c'])
def test_a_notice_that_waits_can_still_be_read(store: Store, book: Rulebook, name: str) -> None:
    """Somebody's name on a platform may be the name of a detail, or a number, or have letters that JSON escapes."""
    details = {"happened": f"A fault at {name}.", "count": 5, "lines": [f"{name}: no answer"]}
    with writing(store) as connection:
        (notice, *_) = alert.notices(None, "1", NOW, book, subject="S", happened="H", action="A")
        outbox.queue(connection, [replace(notice, details=details)])
        erased(connection, book, name)
        (waiting,) = outbox.claim(connection, notice.channel, NOW, NOW + DAY, 1)
        assert waiting.details == {"happened": "A fault at (address).", "count": 5, "lines": ["(address): no answer"]}


def test_what_followers_are_told_stays(store: Store, book: Rulebook) -> None:
    """It names nobody: where a person's name is also the kind of an event, the kind is meant."""
    details = {"number": 1, "kind": "logged", "reference": "EX-1", "actor": "ackbot"}
    with writing(store) as connection:
        (notice, *_) = alert.notices(None, "1", NOW, book, subject="S", happened="H", action="A")
        outbox.queue(connection, [replace(notice, purpose=Purpose.EVENT, details=details)])
        erased(connection, book, "logged")
        (event,) = outbox.claim(connection, notice.channel, NOW, NOW + DAY, 1)
        assert event.details == details


@pytest.mark.parametrize("how", ["the night", "an erasure"])
def test_what_opens_again_at_that_moment_is_not_forgotten(store: Store, book: Rulebook, mail: Make, how: str) -> None:
    """Whoever was first is waited for: the words are there for the answer."""
    keep, now = Retention(30 * DAY), NOW + 300 * DAY
    with writing(store) as connection:
        contact = worked_on(connection, book, logged(connection, book, mail(1, **SAM)))
    forgetting: dict[str, Callable[[Connection], object]] = {
        "the night": lambda c: forget.forget(c, keep, now, 50, key_of(book)),
        "an erasure": lambda c: erased(c, book),
    }
    another_process = Store(store.url)
    with ThreadPoolExecutor(1) as pool:
        with writing(store) as connection:
            close.reopen(connection, contact.reference, "staff:me", now, book)
            meanwhile = pool.submit(another_process.write_now, forgetting[how])
            if store.is_shared:
                wait_until(lambda: _is_waited_for(connection), what="the other transaction waits")
        meanwhile.result()
    another_process.let_go()
    with writing(store) as connection:
        assert not again(connection, contact.reference).forgotten
        assert contacts.messages_of(connection, contact.id)[0].text


def _is_waited_for(connection: Connection) -> bool:
    """Whether somebody waits for what this transaction has changed; the list of sessions stands still within one."""
    return bool(connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one())


def test_what_was_sent_to_them_in_the_contact_of_somebody_else_goes(store: Store, book: Rulebook, mail: Make) -> None:
    """And is given to them before, with what they wrote there; what the other one had stays."""
    with writing(store) as connection:
        others = logged(connection, book, mail(1))
        ours = outbox.of_contact(connection, others.id)[0].message_id
        log(connection, book, mail(2, text="I saw it, too.", In_Reply_To=ours, **SAM), at=NOW + DAY)
        (contact,) = record.of_person(connection, ADDRESS, NOW)["contacts"]
        assert [delivery["to"] for delivery in contact["deliveries"]] == [ADDRESS]
        worked_on(connection, book, again(connection, others.reference))
        erased(connection, book)
        recipients = {delivery.recipient for delivery in outbox.of_contact(connection, others.id)}
        assert ADDRESS not in recipients
        assert "resident1@residents.example" in recipients
        assert record.of_person(connection, ADDRESS, NOW)["contacts"] == []
