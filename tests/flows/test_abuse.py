"""Receipts cannot be used against others: by whichever way much comes, few leave, and every contact is logged."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from bot.channel import Batch
from bot.core.acknowledgements import Limits
from bot.core.closings import Outcome
from bot.core.deliveries import Delivery, Purpose
from bot.core.messages import Inbound, Party, Post
from bot.flows import escalate
from bot.flows.changes.close import Closing, close
from bot.flows.intake import receive
from bot.flows.intake.batches import Capacity, Filed, Reading
from bot.flows.outgoing import deliver, release
from bot.flows.outgoing.deliver import ClaimTerms
from bot.flows.rulebook import Rulebook, Team, Way
from bot.store import contacts, holds
from bot.store.engine import Store
from channels import desk, web_form
from tests.flows.conftest import NOW, Make, writing
from tests.rulebooks import altered

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SERVER = "mx.example.gov.uk"
LIMITS = Limits(a_minute=120, unproven_a_minute=20, unproven_an_hour=200)
FORM, DESK = web_form.build("website", web_form.Settings(name="website", kind="web_form")), "desk"


@pytest.fixture
def guarded(book: Rulebook) -> Rulebook:
    """The usual limits; a mailbox whose server says who wrote, a form, a desk, and an account on a platform."""
    ways = {
        "inbox": Way("post", "front", "us@example.gov.uk", "email", authserv_id=SERVER),
        "website": Way("post", "front", medium="web_form"),
        "desk": Way("post", "front", medium="desk"),
        "account": Way("post", "front", medium="whatsapp"),
    }
    return altered(book, ways=ways, limits=LIMITS)


def log(connection: Connection, book: Rulebook, messages: Iterable[Inbound], at: datetime = NOW) -> list[Filed]:
    """Log these, forty at a time and a tenth of a second apart, as they come in a flood."""
    all_messages, filed = tuple(messages), list[Filed]()
    for start in range(0, len(all_messages), 40):
        batch = Batch(all_messages[start : start + 40])
        now = at + timedelta(seconds=start / 400)
        filed += receive.receive(connection, batch, Reading(batch.messages[0].channel), now, book, Capacity()).filed
    return filed


def leave(connection: Connection, book: Rulebook, at: datetime) -> list[Delivery]:
    """Everything that is due leaves."""
    claimed = deliver.claim(connection, "post", at, ClaimTerms(HOUR), 1000, book)
    deliver.record(connection, [deliver.Attempt(claim.delivery, at) for claim in claimed], book)
    return [claim.delivery for claim in claimed]


def by_purpose(deliveries: Iterable[Delivery]) -> Counter[str]:
    """How many of each."""
    return Counter(delivery.purpose.value for delivery in deliveries)


def posted(address: str, number: int) -> Inbound:
    """What somebody typed into the form."""
    message = FORM.read({"name": "Sam", "email": address, "message": f"The bin was missed, the {number}th time."})
    assert isinstance(message, Inbound)
    return message


def recorded(address: str, number: int) -> Inbound:
    """What another program recorded through the API."""
    fields = {"email": address, "text": f"The bin was missed, the {number}th time.", "prefers": "email"}
    message = desk.build(DESK, desk.Settings(name=DESK, kind="desk")).record(fields, f"k{number}", None)
    assert isinstance(message, Inbound)
    return replace(message, unproven=True)


def called(address: str, number: int) -> Inbound:
    """What a platform handed over, which knows who wrote."""
    post = Post(conversation=address)
    return Inbound("account", f"m{number}", f"d{number}", Party(address), text=f"The bin, again: {number}", post=post)


def strangers_and_tags() -> list[str]:
    """300 strangers, and 300 tags of one mailbox, by turns."""
    pairs = ((f"s{n}@strangers{n}.example", f"victim+{n}@residents.example") for n in range(300))
    return [address for pair in pairs for address in pair]


@pytest.mark.parametrize("way", ["form", "api", "forged mail"])
def test_a_flood_to_strangers_and_one_mailbox(store: Store, guarded: Rulebook, mail: Make, way: str) -> None:
    """600 in some seconds: 20 receipts leave, three to that mailbox, 600 contacts are logged, and staff hear once."""
    forged = {"Authentication_Results": f"{SERVER}; spf=none; dkim=none; dmarc=none"}
    addresses = strangers_and_tags()
    with writing(store) as connection:
        if way == "form":
            filed = log(connection, guarded, (posted(address, n) for n, address in enumerate(addresses)))
        elif way == "api":
            filed = log(connection, guarded, (recorded(address, n) for n, address in enumerate(addresses)))
        else:
            mails = (mail(n, From=address, text=f"{n}", **forged) for n, address in enumerate(addresses))
            filed = log(connection, guarded, mails)
        assert len({result.reference for result in filed}) == 600
        departures = leave(connection, guarded, NOW + MINUTE)
        receipts = [delivery for delivery in departures if delivery.purpose is Purpose.ACKNOWLEDGEMENT]
        assert len(receipts) == 20
        assert sum(receipt.recipient.startswith("victim+") for receipt in receipts) <= 3
        (notice,) = (delivery for delivery in departures if delivery.purpose is Purpose.NOTICE)
        assert notice.details["subject"] == "Receipts wait for you: 580"
        assert "the page Backlog" in notice.details["action"]
        assert notice.details["page"] == "backlog"
        everybody = contacts.list_all(connection)
        assert len([contact for contact in everybody if contact.respond_by and contact.next_look_at]) == 600
        # A quarter of an hour later nobody hears of each again that its receipt is late.
        escalate.escalate(connection, NOW + 20 * MINUTE, 1000, guarded)
        assert by_purpose(leave(connection, guarded, NOW + 20 * MINUTE)) == {}


def test_calls_of_a_platform_stop_at_the_breaker(store: Store, guarded: Rulebook) -> None:
    """Whom the platform names is proven: 120 in a minute leave, then none until staff have looked; one is called."""
    with writing(store) as connection:
        filed = log(connection, guarded, (called(f"4477009{n:05}", n) for n in range(600)))
        assert len({result.reference for result in filed}) == 600
        departures = by_purpose(leave(connection, guarded, NOW + MINUTE))
        assert departures["acknowledgement"] <= 120
        assert departures["notice"] == 1
        assert len(contacts.list_all(connection)) == 600


def test_people_in_a_mass_event_have_their_receipt_late_and_not_never(store: Store, guarded: Rulebook) -> None:
    """What is held leaves by itself when staff say so, but for contacts that they have closed; then all goes on."""
    with writing(store) as connection:
        filed = log(connection, guarded, (posted(f"p{n}@homes{n}.example", n) for n in range(50)))
        assert by_purpose(leave(connection, guarded, NOW + MINUTE)) == {"acknowledgement": 20, "notice": 1}
        waiting = contacts.with_id(connection, holds.contact_ids(connection))
        assert len(waiting) == 30
        assert all("waits until staff let it leave" in contact.reason for contact in waiting.values())
        assert not close(connection, filed[-1].reference or "", "staff:jo", NOW + HOUR, guarded, Closing(Outcome.SPAM))
        assert release.release(connection, NOW + HOUR) == 29
        assert by_purpose(leave(connection, guarded, NOW + HOUR)) == {"acknowledgement": 29}
        # A later flood is told anew.
        log(connection, guarded, (posted(f"q{n}@homes{n}.example", n) for n in range(30)), NOW + 2 * HOUR)
        assert by_purpose(leave(connection, guarded, NOW + 3 * HOUR)) == {"acknowledgement": 20, "notice": 1}


def test_each_team_hears_of_its_own(store: Store, guarded: Rulebook) -> None:
    """That another team was told an hour before is no alert to this one; each hears once."""
    ways = {**guarded.ways, "desk": Way("post", "housing", medium="desk")}
    teams = {**guarded.outgoing.teams, "housing": Team("housing", ("housing@example.gov.uk",), "post")}
    two = altered(guarded, ways=ways, teams=teams)
    with writing(store) as connection:
        log(connection, two, (posted(f"p{n}@homes{n}.example", n) for n in range(30)))
        left = leave(connection, two, NOW + MINUTE)
        for hour in (1, 2):
            log(connection, two, (recorded(f"q{hour}r{n}@homes{n}.example", n) for n in range(30)), NOW + hour * HOUR)
            left += leave(connection, two, NOW + hour * HOUR + MINUTE)
        readers = [delivery.recipient for delivery in left if delivery.purpose is Purpose.NOTICE]
        assert readers == ["staff@example.gov.uk", "housing@example.gov.uk"]


def test_a_steady_trickle_stops_at_the_hour(store: Store, guarded: Rulebook) -> None:
    """Fifteen a minute go by themselves, up to 200 an hour; in the next hour they go again."""
    with writing(store) as connection:
        for minute in range(20):
            addresses = (f"m{minute}n{n}@homes{n}.example" for n in range(15))
            log(connection, guarded, map(posted, addresses, range(15)), NOW + minute * MINUTE)
        assert by_purpose(leave(connection, guarded, NOW + 30 * MINUTE))["acknowledgement"] == 200
        log(connection, guarded, [posted("late@homes.example", 1)], NOW + 90 * MINUTE)
        assert by_purpose(leave(connection, guarded, NOW + 90 * MINUTE))["acknowledgement"] == 1


def test_mail_that_our_server_confirms_is_not_held(store: Store, guarded: Rulebook, mail: Make) -> None:
    """DMARC for the author, or SPF for the envelope sender itself; not for a name that a forwarder wrote into that."""
    dmarc = {"Authentication_Results": f"{SERVER}; dmarc=pass header.from=residents.example"}
    spf = {"Authentication_Results": f"{SERVER}; spf=pass smtp.mailfrom=residents.example"}
    smuggled = "<srs0=aa=bb=residents.example=victim@attacker.example>"
    by_srs = {"Authentication_Results": f"{SERVER}; spf=pass smtp.mailfrom=attacker.example", "Return_Path": smuggled}
    with writing(store) as connection:
        log(connection, guarded, (mail(n, **dmarc) for n in range(40)))
        envelopes = ((n, f"<resident{n}@residents.example>") for n in range(40, 80))
        log(connection, guarded, (mail(n, Return_Path=envelope, **spf) for n, envelope in envelopes))
        assert holds.contact_ids(connection) == []
        log(connection, guarded, (mail(n, From=f"victim{n}@residents.example", **by_srs) for n in range(80, 110)))
        assert all(contact.outcome == "acknowledge" for contact in contacts.list_all(connection))
        assert by_purpose(leave(connection, guarded, NOW + MINUTE))["acknowledgement"] == 80 + 20


def test_what_a_server_calls_itself_proves_nobody(store: Store, guarded: Rulebook, mail: Make) -> None:
    """SPF passes for the name of the attacker's server, and fails or says nothing for the forged envelope sender."""
    by_name = f"{SERVER}; spf=pass smtp.helo=attacker.example; spf=none smtp.mailfrom=residents.example"
    with writing(store) as connection:
        envelopes = ((n, f"<resident{n}@residents.example>") for n in range(30))
        log(connection, guarded, (mail(n, Return_Path=e, Authentication_Results=by_name) for n, e in envelopes))
        assert by_purpose(leave(connection, guarded, NOW + MINUTE)) == {"acknowledgement": 20, "notice": 1}


def test_what_the_envelope_names_is_counted_where_the_receipt_goes(store: Store, guarded: Rulebook, mail: Make) -> None:
    """Many invented authors with one envelope sender would all be answered there: three are."""
    with writing(store) as connection:
        mails = (
            mail(n, From=f"a{n}@invented{n}.example", Return_Path="<victim@residents.example>", text=f"{n}")
            for n in range(10)
        )
        filed = log(connection, guarded, mails)
        assert Counter(result.outcome for result in filed) == {"acknowledge": 3, "ask": 7}


def test_the_fold_merges_nobody_but_in_the_count(store: Store, guarded: Rulebook) -> None:
    """Two addresses of one mailbox are two people to threads, to staff and to erasure."""
    with writing(store) as connection:
        first, second = log(connection, guarded, [posted("jo+a@gmail.com", 1), posted("jo+b@gmail.com", 1)])
        assert first.reference != second.reference
        stored = contacts.list_all(connection)
        assert {contact.sender_key for contact in stored} == {"jo+a@gmail.com", "jo+b@gmail.com"}
        assert len(contacts.list_all(connection)) == 2


def test_a_form_that_a_program_filled_in_is_left_to_staff(store: Store, guarded: Rulebook) -> None:
    """A contact with clocks like any other, without a receipt until staff decide; they hear of all in one alert."""
    with writing(store) as connection:
        marked = (replace(posted(f"p{n}@homes{n}.example", n), by_program=True) for n in range(50))
        filed = log(connection, guarded, marked)
        assert {(result.outcome, result.rule) for result in filed} == {("ask", "30 form filled in by a program")}
        (notice,) = leave(connection, guarded, NOW + MINUTE)
        assert notice.details["subject"] == "Receipts wait for you: 50"
        assert all(contact.respond_by for contact in contacts.list_all(connection))


def test_what_waits_for_its_network_does_not_use_up_what_others_may_have(store: Store, guarded: Rulebook) -> None:
    """A flood from one network is held, and somebody else's receipt leaves."""
    with writing(store) as connection:
        flood = (replace(posted(f"p{n}@homes{n}.example", n), hold="many came at once") for n in range(100))
        log(connection, guarded, flood)
        log(connection, guarded, [posted("else@homes.example", 1)], NOW + timedelta(seconds=10))
        departures = leave(connection, guarded, NOW + MINUTE)
        assert [delivery.recipient for delivery in departures if delivery.purpose is Purpose.ACKNOWLEDGEMENT] == [
            "else@homes.example"
        ]
