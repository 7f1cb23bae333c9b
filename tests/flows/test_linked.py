"""What a link in an alert shows, and what whoever has it can do to its one contact."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from bot.core import links
from bot.core.contacts import Contact
from bot.core.histories import Kind
from bot.flows.changes import respond
from bot.flows.changes.refusals import Refused
from bot.flows.desk import linked
from bot.flows.desk.linked import Choice
from bot.flows.outgoing import alert
from bot.flows.rulebook import Rulebook
from bot.store import contacts, outbox
from bot.store.engine import Store
from tests.flows.conftest import NOW, Make, writing
from tests.flows.desk import again, do, logged
from tests.flows.test_urgent import GAS
from tests.rulebooks import altered

ENDS_AT = NOW + timedelta(days=14)
SECRET = b"a secret of the test"


@pytest.fixture
def signed(book: Rulebook) -> Rulebook:
    """A rulebook that signs links."""
    return altered(book, secret=SECRET, website="https://contact.example.gov.uk", urgent=(GAS,))


def link_to(connection: Connection, book: Rulebook, contact: Contact) -> str:
    """The link of an alert about this contact that went to staff@example.gov.uk."""
    outbox.queue(connection, alert.handed_over(contact, NOW, book))
    (sent,) = (each for each in outbox.of_contact(connection, contact.id) if each.step == "handed-over")
    return links.token(sent.id, contact.id, ENDS_AT, SECRET)


def shown(connection: Connection, token: str, book: Rulebook, hours: float = 0) -> linked.Shown:
    """What the link shows so many hours later."""
    behind = linked.show(connection, token, NOW + timedelta(hours=hours), book)
    assert behind is not None
    return behind


def test_a_link_shows_what_is_to_be_done_and_no_word_of_the_person(store: Store, signed: Rulebook, mail: Make) -> None:
    """Reference, date, team, and for what cannot wait the rule's title."""
    with writing(store) as connection:
        contact = logged(connection, signed, mail(1, text="I smell gas. My name is Zebedee.", Subject="Zebedee"))
        behind = shown(connection, link_to(connection, signed, contact), signed)
    assert (behind.reference, behind.open, behind.urgent) == (contact.reference, True, "There may be gas")
    assert (behind.team, behind.owner, behind.taken_by, behind.teams) == ("front", "", "", ("front",))
    assert behind.promise == "Monday 7 December 2026"
    assert not {"Zebedee", "resident1"} & set(str(behind).replace("@", " ").split())


def test_a_link_that_is_not_ours_opens_nothing(store: Store, signed: Rulebook, mail: Make) -> None:
    """Neither one that was changed, nor one of another secret, nor one about a contact that is gone."""
    with writing(store) as connection:
        contact = logged(connection, signed, mail())
        token = link_to(connection, signed, contact)
        forged = links.token(1, contact.id, ENDS_AT, b"another secret")
        gone = links.token(1, contact.id + 1, ENDS_AT, SECRET)
        for wrong in (token[:-1], "9" + token, forged, gone, "", "1.2.3.\ud800"):
            assert linked.show(connection, wrong, NOW, signed) is None
            assert not linked.act(connection, wrong, Choice("take"), NOW, signed)
        assert again(connection, contact.reference) == contact


def test_a_link_ends(store: Store, signed: Rulebook, mail: Make) -> None:
    """After its last second it shows and does nothing any more, and that it is one of ours is known."""
    with writing(store) as connection:
        contact = logged(connection, signed, mail())
        token = link_to(connection, signed, contact)
        assert linked.show(connection, token, ENDS_AT, signed) is not None
        late = ENDS_AT + timedelta(seconds=1)
        with pytest.raises(linked.Ended):
            linked.show(connection, token, late, signed)
        with pytest.raises(linked.Ended):
            linked.act(connection, token, Choice("take"), late, signed)
        assert again(connection, contact.reference) == contact


def test_whoever_has_the_link_takes_the_contact(store: Store, signed: Rulebook, mail: Make) -> None:
    """As the person to whom the alert went; a second time it is refused."""
    with writing(store) as connection:
        contact = logged(connection, signed, mail())
        token = link_to(connection, signed, contact)
        assert linked.act(connection, token, Choice("take"), NOW, signed)
        assert again(connection, contact.reference).taken_by == "staff:staff@example.gov.uk"
        assert shown(connection, token, signed).taken_by == "staff@example.gov.uk"
        with pytest.raises(Refused, match="was taken by staff:staff@example"):
            linked.act(connection, token, Choice("take"), NOW, signed)


def test_an_alert_that_is_gone_names_nobody(store: Store, signed: Rulebook, mail: Make) -> None:
    """The link still works, and the history says that it was done by a link."""
    with writing(store) as connection:
        contact = logged(connection, signed, mail())
        token = links.token(10_000, contact.id, ENDS_AT, SECRET)
        assert linked.act(connection, token, Choice("take"), NOW, signed)
        assert contacts.events_of(connection, contact.id)[-1].actor == "staff:by a link"


def test_the_contact_is_handed_on_to_who_is_chosen(store: Store, signed: Rulebook, mail: Make) -> None:
    """To somebody of ours, however the address is typed."""
    with writing(store) as connection:
        contact = logged(connection, signed, mail())
        token = link_to(connection, signed, contact)
        assert linked.act(connection, token, Choice("assign", owner=" Staff@Example.gov.uk "), NOW, signed)
        assert shown(connection, token, signed).owner == "staff@example.gov.uk"


@pytest.mark.parametrize(
    ("choice", "field"),
    [
        ({"action": "assign"}, "team"),
        ({"action": "assign", "owner": "evil@evil.example"}, "owner"),
        ({"action": "assign", "team": "nobody"}, "team"),
        ({"action": "quiet", "until": "soon"}, "until"),
        ({"action": "quiet", "until": "2026-11-23T09:00"}, "until"),
        ({"action": "quiet", "until": "2026-11-24T10:00+00:00"}, "until"),
        ({"action": ""}, ""),
        ({"action": "close"}, ""),
    ],
)
def test_what_is_not_offered_is_refused(
    store: Store, signed: Rulebook, mail: Make, choice: Mapping[str, str], field: str
) -> None:
    """The field is named, and nothing is changed."""
    with writing(store) as connection:
        contact = logged(connection, signed, mail())
        token = link_to(connection, signed, contact)
        with pytest.raises(Refused) as refused:
            linked.act(connection, token, Choice(**choice), NOW, signed)
        assert refused.value.field == field
        assert again(connection, contact.reference) == contact


def test_quiet_is_offered_until_nearly_all_of_the_time_is_used(store: Store, signed: Rulebook, mail: Make) -> None:
    """Every time that is offered is taken; the later it is, the fewer are offered, and at last none."""
    with writing(store) as connection:
        contact = logged(connection, signed, mail())
        token = link_to(connection, signed, contact)
        times = shown(connection, token, signed).quiet
        assert [words for _, words in times] == [
            "11:15am on Monday 23 November 2026",
            "9am on Tuesday 24 November 2026",
            "9am on Wednesday 25 November 2026",
            "9am on Monday 30 November 2026",
        ]
        for until, _ in times:
            assert linked.act(connection, token, Choice("quiet", until), NOW, signed)
            quiet_until = again(connection, contact.reference).quiet_until
            assert quiet_until is not None
            assert quiet_until.isoformat(timespec="minutes") == until
        assert [len(shown(connection, token, signed, hours=24 * day).quiet) for day in (0, 7, 10, 14)] == [4, 3, 2, 0]


def test_without_a_date_quiet_has_no_end(store: Store, signed: Rulebook, mail: Make) -> None:
    """While the clock waits for the person every choice is offered."""
    with writing(store) as connection:
        contact = logged(connection, signed, mail())
        token = link_to(connection, signed, contact)
        do(connection, signed, contact, Kind.PAUSED, NOW)
        assert len(shown(connection, token, signed, hours=24 * 13).quiet) == 4


def test_an_answered_contact_is_not_open_any_more(store: Store, signed: Rulebook, mail: Make) -> None:
    """It says so, and nobody can take it."""
    with writing(store) as connection:
        contact = logged(connection, signed, mail())
        token = link_to(connection, signed, contact)
        respond.respond(connection, contact.reference, NOW, signed, actor="staff:me")
        assert not shown(connection, token, signed).open
        with pytest.raises(Refused, match="answered"):
            linked.act(connection, token, Choice("take"), NOW, signed)
