"""What is kept for how long, what must be kept, and what is taken out because the person asks for it."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, update

from bot.core.contacts import Contact
from bot.core.retention import Retention
from bot.flows.changes import close, forget, respond
from bot.flows.changes import needs as needs_flow
from bot.flows.changes.classify import About, classify
from bot.flows.people import erase, record
from bot.flows.rulebook import Rulebook
from bot.store import contacts, links, needs, outbox, people, retention
from bot.store.databases import database_path
from bot.store.engine import Store
from bot.store.needs import Needs
from bot.store.tables import messages
from tests.flows.conftest import NOW, Make, writing
from tests.flows.desk import again, logged
from tests.flows.test_mail import log

DAY = timedelta(days=1)
NAMES_KEY = b"n" * 32
KEEP = Retention(30 * DAY, {"complaint": 60 * DAY, "survey": 20 * DAY})


def finished(connection: Connection, book: Rulebook, contact: Contact) -> Contact:
    """Answered a day later."""
    respond.respond(connection, contact.reference, NOW + DAY, book, actor="staff:me")
    return again(connection, contact.reference)


def of_kind(connection: Connection, contact: Contact, kind: str) -> Contact:
    """Of that kind, whatever the standards say."""
    contacts.put(connection, contact.id, {"kind": kind})
    return contact


def forgotten(connection: Connection, contact: Contact) -> bool:
    """Whether its words are gone."""
    return contacts.with_id(connection, [contact.id])[contact.id].forgotten


def forget_all(connection: Connection, keep: Retention, now: datetime) -> int:
    """What is forgotten in one night, a contact at a time."""
    count = 0
    while (part := forget.forget(connection, keep, now, 1, NAMES_KEY)).examined:
        count += part.forgotten
    return count


def test_a_kind_that_is_known_after_the_answer_counts(store: Store, council: Rulebook, mail: Make) -> None:
    """Kept for longer where it turns out to be a complaint, and no longer where it was none."""
    with writing(store) as connection:
        pair = [finished(connection, council, logged(connection, council, mail(number))) for number in (1, 2)]
        of_kind(connection, pair[1], "complaint")
        for contact, kind in zip(pair, ("complaint", ""), strict=True):
            classify(connection, contact.reference, About(kind=kind), "staff:me", NOW + 2 * DAY, council)
        assert forget_all(connection, KEEP, NOW + 45 * DAY) == 1
        assert [forgotten(connection, contact) for contact in pair] == [False, True]


def test_each_kind_is_kept_for_its_own_time(store: Store, book: Rulebook, mail: Make) -> None:
    """A kind with a longer time, one with a shorter time, and all the others."""
    with writing(store) as connection:
        all_of_them = {kind: logged(connection, book, mail(n)) for n, kind in enumerate(["", "complaint", "survey"])}
        for kind, contact in all_of_them.items():
            of_kind(connection, finished(connection, book, contact), kind)
        gone_after: dict[str, int] = {}
        for days in (21, 22, 31, 32, 61, 62):
            forget_all(connection, KEEP, NOW + days * DAY)
            for kind, contact in all_of_them.items():
                if forgotten(connection, contact):
                    gone_after.setdefault(kind, days)
        assert gone_after == {"": 32, "complaint": 62, "survey": 22}


def test_what_was_written_privately_on_a_platform_is_kept_for_less(store: Store, book: Rulebook, mail: Make) -> None:
    """Not what was written there in public, nor privately elsewhere; every category comes to its turn."""
    keep = replace(KEEP, direct_messages=20 * DAY, accounts=frozenset({"page", "toots"}))
    ways = [(channel, visibility) for channel in ("inbox", "page", "toots") for visibility in ("private", "public")]
    with writing(store) as connection:
        by_way = {way: finished(connection, book, logged(connection, book, mail(n))) for n, way in enumerate(ways)}
        for (channel, visibility), contact in by_way.items():
            contacts.put(connection, contact.id, {"channel": channel, "visibility": visibility})
        assert forget_all(connection, keep, NOW + 22 * DAY) == 2
        assert {way for way, contact in by_way.items() if forgotten(connection, contact)} == {
            ("page", "private"),
            ("toots", "private"),
        }
        assert forget_all(connection, keep, NOW + 32 * DAY) == 4


def test_age_counts_from_what_last_happened(store: Store, book: Rulebook, mail: Make) -> None:
    """An answer after half a year, a message after it, an answer that is recorded late; not what a program sends."""
    absent = {"Auto_Submitted": "auto-replied", "Subject": "Out of office"}
    with writing(store) as connection:
        late, again_written, recorded_late, answered_by_program = (
            logged(connection, book, mail(number)) for number in range(4)
        )
        respond.respond(connection, late.reference, NOW + 100 * DAY, book, actor="staff:me")
        for contact, more in ((again_written, {}), (answered_by_program, absent)):
            finished(connection, book, contact)
            ours = outbox.of_contact(connection, contact.id)[0].message_id
            log(connection, book, mail(contact.id + 10, In_Reply_To=ours, **more), at=NOW + 20 * DAY)
        respond.respond(connection, again_written.reference, NOW + 21 * DAY, book, actor="staff:me")
        respond.respond(connection, recorded_late.reference, NOW + 60 * DAY, book, actor="staff:me", at=NOW + DAY)
        gone_after: dict[int, int] = {}
        for days in (31, 32, 51, 52, 90, 91, 130, 131):
            forget_all(connection, KEEP, NOW + days * DAY)
            for contact in (late, again_written, recorded_late, answered_by_program):
                if forgotten(connection, contact):
                    gone_after.setdefault(contact.id, days)
        assert gone_after == {answered_by_program.id: 32, again_written.id: 52, recorded_late.id: 91, late.id: 131}


def test_nothing_is_forgotten_before_it_could_open_again(store: Store, book: Rulebook, mail: Make) -> None:
    """However short the time: neither within `reopen_days` of the promised date, nor within those of the answer."""
    hasty = replace(KEEP, usual=DAY, reopen=28 * DAY)
    with writing(store) as connection:
        answered_at_once, answered_late = (logged(connection, book, mail(number)) for number in range(2))
        assert answered_at_once.respond_by == datetime(2026, 12, 7, 23, 59, 59, tzinfo=UTC)
        for contact, days in ((answered_at_once, 0), (answered_late, 40)):
            respond.respond(connection, contact.reference, NOW + days * DAY, book, actor="staff:me")
        forget_all(connection, hasty, datetime(2027, 1, 4, 23, tzinfo=UTC))
        assert not forgotten(connection, answered_at_once)
        forget_all(connection, hasty, datetime(2027, 1, 5, 1, tzinfo=UTC))
        assert forgotten(connection, answered_at_once)
        forget_all(connection, hasty, NOW + 67 * DAY)
        assert not forgotten(connection, answered_late)
        assert forget_all(connection, hasty, NOW + 69 * DAY) == 1


def test_what_opened_again_is_not_forgotten(store: Store, book: Rulebook, mail: Make) -> None:
    """Its time begins with the next end; how old it looked before counts for nothing."""
    with writing(store) as connection:
        contact = finished(connection, book, logged(connection, book, mail()))
        assert forget_all(connection, KEEP, NOW + 31 * DAY) == 0
        close.reopen(connection, contact.reference, "staff:me", NOW + 31 * DAY, book)
        assert forget_all(connection, KEEP, NOW + 300 * DAY) == 0
        close.close(connection, contact.reference, "staff:me", NOW + 300 * DAY, book, close.Closing(reason="Done."))
        assert forget_all(connection, KEEP, NOW + 329 * DAY) == 0
        assert forget_all(connection, KEEP, NOW + 331 * DAY) == 1


def test_what_was_only_logged_counts_from_its_receipt(store: Store, book: Rulebook, mail: Make) -> None:
    """A newsletter was never owed an answer."""
    with writing(store) as connection:
        newsletter = logged(connection, book, mail(List_Id="<news.example>", Precedence="bulk"))
        assert newsletter.state == "logged"
        assert forget_all(connection, KEEP, NOW + 30 * DAY) == 0
        assert forget_all(connection, KEEP, NOW + 31 * DAY) == 1


def test_an_open_contact_and_one_under_a_hold_are_kept(store: Store, book: Rulebook, mail: Make) -> None:
    """When the hold ends it goes with the next night."""
    with writing(store) as connection:
        waiting, asked_for = logged(connection, book, mail(1)), logged(connection, book, mail(2))
        asked_for = finished(connection, book, asked_for)
        forget.hold(connection, asked_for.reference, "asked for under FOI", "staff:me", NOW + 2 * DAY)
        assert forget_all(connection, KEEP, NOW + 400 * DAY) == 0
        forget.hold(connection, asked_for.reference, "", "staff:me", NOW + 401 * DAY)
        assert forget_all(connection, KEEP, NOW + 402 * DAY) == 1
        assert forgotten(connection, asked_for)
        assert not forgotten(connection, waiting)
        kinds = [event.kind for event in contacts.events_of(connection, asked_for.id)]
        assert kinds[-3:] == ["legal hold", "legal hold ended", "forgotten"]


def test_a_person_is_known_while_any_contact_of_theirs_is_kept(store: Store, book: Rulebook, mail: Make) -> None:
    """Also one that staff answered by telephone or letter; what they need goes with the last one."""
    sam = {"From": "Sam <sam@residents.example>"}
    with writing(store) as connection:
        first, called = (logged(connection, book, mail(n, text=f"Matter {n}", **sam)) for n in (1, 2))
        contacts.put(connection, called.id, {"outcome": "ask"})
        for contact in (first, called):
            finished(connection, book, contact)
        needs.note(connection, ["sam@residents.example"], Needs("Large print", "staff:me", NOW))
        assert [contact.id for contact in people.of(connection, first.id).contacts] == [called.id, first.id]
        retention.strip(connection, [first.id], NAMES_KEY)
        assert needs.of(connection, ["sam@residents.example"]) is not None
        retention.strip(connection, [called.id], NAMES_KEY)
        assert needs.of(connection, ["sam@residents.example"]) is None


def test_what_is_forgotten_keeps_its_dates(store: Store, book: Rulebook, mail: Make) -> None:
    """No word, no name, no address and no raw mail; every date and decision as before."""
    with writing(store) as connection:
        contact = finished(connection, book, logged(connection, book, mail(1)))
        assert forget_all(connection, KEEP, NOW + 32 * DAY) == 1
        after = again(connection, contact.reference)
        stripped = replace(contact, sender_address=None, sender_key=None, sender_name="", subject="", forgotten=True)
        assert after == replace(stripped, last_activity_at=NOW + DAY, external_id=after.external_id)
        assert "1@residents.example" not in after.external_id
        (message,) = contacts.messages_of(connection, contact.id)
        assert (message.text, message.sender_address) == ("", None)
        assert contacts.raw_messages_of(connection, contact.id) == []
        assert {delivery.recipient for delivery in outbox.of_contact(connection, contact.id)} == {""}


def test_a_person_is_given_all_that_is_kept(store: Store, book: Rulebook, mail: Make) -> None:
    """Their contacts whole, and of somebody else's only what they wrote themselves."""
    with writing(store) as connection:
        own = logged(connection, book, mail(1, text="My light is out.", From="Sam <Sam@residents.example>"))
        others = logged(connection, book, mail(2, text="Secret of another."))
        sent = outbox.of_contact(connection, others.id)[0].message_id
        log(connection, book, mail(3, text="I saw it, too.", From="sam@residents.example", In_Reply_To=sent))
        export = record.of_person(connection, "sam@residents.example", NOW)
        words = json.dumps(export, default=str)
        assert export["contacts"][0]["reference"] == own.reference
        assert "My light is out." in words
        assert "I saw it, too." in words
        assert "Secret of another." not in words
        assert export["contacts"][0]["messages"][0]["raw"]
        assert record.of_person(connection, "nobody@residents.example", NOW)["contacts"] == []


def test_a_person_is_erased_and_the_figures_stay(store: Store, book: Rulebook, mail: Make) -> None:
    """What is finished goes; what is open or under a hold is named; nothing more leaves for what is erased."""
    with writing(store) as connection:
        sam = {"From": "Sam <sam@residents.example>"}
        matters = ("Light", "Bin", "Rent")
        done, held, waiting = (
            logged(connection, book, mail(n, text=f"{about} again", **sam)) for n, about in enumerate(matters)
        )
        for contact in (done, held):
            finished(connection, book, contact)
        other = finished(connection, book, logged(connection, book, mail(4)))
        forget.hold(connection, held.reference, "a claim", "staff:me", NOW)
        erasure = erase.erase(connection, "SAM@residents.example", "staff:me", NOW + 2 * DAY, NAMES_KEY)
        assert erasure.erased == (done.reference,)
        reasons = dict(erasure.exceptions)
        assert "a claim" in reasons[held.reference]
        assert "not answered" in reasons[waiting.reference]
        assert forgotten(connection, done)
        assert not forgotten(connection, other)
        assert again(connection, done.reference).responded_at == NOW + DAY
        assert contacts.events_of(connection, done.id)[-1].kind == "erased"
        again_asked = erase.erase(connection, "sam@residents.example", "staff:me", NOW + 2 * DAY, NAMES_KEY)
        assert again_asked.erased == ()


def _gave(connection: Connection, contact: Contact, **fields: str) -> Contact:
    """The person gave these, too, as the desk keeps them."""
    change = update(messages).where(messages.c.contact_id == contact.id)
    connection.execute(change.values(fields=json.dumps(fields)))
    return contact


def test_what_a_person_needs_goes_with_their_last_contact(store: Store, book: Rulebook, mail: Make) -> None:
    """Under each address: one that only a contact names that is gone leads nowhere any more."""
    sam = {"From": "Sam <sam@residents.example>"}
    with writing(store) as connection:
        first, second = (
            finished(connection, book, logged(connection, book, mail(n, text=f"{n}", **sam))) for n in (1, 2)
        )
        needs_flow.note_needs(
            connection, _gave(connection, first, phone="01632 960888"), "Large print", "staff:me", NOW
        )
        retention.strip(connection, [first.id], NAMES_KEY)
        assert needs.of(connection, ["tel:+441632960888"]) is None
        assert getattr(needs.of(connection, ["sam@residents.example"]), "needs", "") == "Large print"
        retention.strip(connection, [second.id], NAMES_KEY)
        assert needs.of(connection, ["sam@residents.example"]) is None


def test_what_a_person_needs_stays_with_what_is_linked(store: Store, book: Rulebook, mail: Make) -> None:
    """The contact under another address keeps what it shared."""
    with writing(store) as connection:
        first, second = (logged(connection, book, mail(n)) for n in (1, 2))
        needs_flow.note_needs(connection, first, "Braille", "staff:me", NOW)
        assert links.link(connection, first.id, second.id)
        retention.strip(connection, [first.id], NAMES_KEY)
        assert getattr(needs.of(connection, [second.sender_key or ""]), "needs", "") == "Braille"


def test_somebody_is_found_by_a_number_however_it_is_typed(store: Store, book: Rulebook, mail: Make) -> None:
    """An erasure that says that there was nothing would be believed."""
    with writing(store) as connection:
        contact = finished(connection, book, logged(connection, book, mail()))
        contacts.put(connection, contact.id, {"sender_key": "tel:+441632960888", "sender_address": "tel:+441632960888"})
        for typed in ("01632 960 888", "+44 (0)1632 960888", "tel:01632960888"):
            assert [entry["reference"] for entry in record.of_person(connection, typed, NOW)["contacts"]] == [
                contact.reference
            ]
        assert erase.erase(connection, "01632-960888", "staff:me", NOW, NAMES_KEY).erased == (contact.reference,)


def test_what_is_erased_leaves_the_log_of_writes(store: Store, book: Rulebook, mail: Make) -> None:
    """While others have the store open, too; PostgreSQL looks after its own."""
    with writing(store) as connection:
        contact = finished(connection, book, logged(connection, book, mail(text="Marigold.")))
    if store.is_shared:
        store.flush_log()
        return
    log = Path(f"{database_path(store.url)}-wal")
    assert b"Marigold" in log.read_bytes()
    store.write_now(lambda c: retention.strip(c, [contact.id], NAMES_KEY))
    store.flush_log()
    assert log.stat().st_size == 0
    assert b"Marigold" not in database_path(store.url).read_bytes()
