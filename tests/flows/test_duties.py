"""Absences and nights of duty that were entered in the console, and who is called because of them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Connection, select

from bot.core.deputies import Away, Deputies
from bot.core.duties import Shift
from bot.core.roles import Role, Scope
from bot.flows import board, staffing
from bot.flows.changes import call, forget
from bot.flows.changes.refusals import Refused
from bot.flows.desk import duties
from bot.flows.escalate import escalate
from bot.flows.outgoing import alert
from bot.flows.rulebook import Rulebook, Team
from bot.flows.staffing import Visitor
from bot.store import contacts, outbox
from bot.store import duties as stored
from bot.store.engine import Store
from bot.store.staff import Account
from bot.store.tables import absences, events, shifts
from tests.flows.conftest import NOW, Make, writing
from tests.flows.desk import again, logged
from tests.flows.test_urgent import GAS
from tests.rulebooks import altered

TODAY = NOW.date()
WEEK = timedelta(days=6)
NIGHT = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)
JO, DI, AL, LEAD = (f"{name}@example.gov.uk" for name in ("jo", "di", "al", "lead"))
STAFF = "staff@example.gov.uk"
SMELL = "We smell gas in our hall."


@pytest.fixture
def duty(book: Rulebook) -> Rulebook:
    """A rulebook with an urgent rule, a team with a lead, and another team."""
    teams = {
        "front": Team("front", (STAFF,), "post", {"lead": (LEAD,)}),
        "waste": Team("waste", (AL, "channel:siren"), "post"),
    }
    return altered(book, teams=teams, urgent=(GAS,), words=frozenset({"telephone", "post"}))


def people(connection: Connection, book: Rulebook) -> None:
    """Three officers: two of the front office, one of waste."""
    for address, team in ((JO, "front"), (DI, "front"), ("sam@example.gov.uk", "waste")):
        account = Account(address, "", Role.OFFICER, frozenset({team}), "", NOW, None)
        assert staffing.add(connection, account, "setup", book) is None


def visitor(address: str, role: Role, *teams: str) -> Visitor:
    """Somebody who is signed in."""
    account = Account(address, address, role, frozenset(teams), "", NOW, None)
    return Visitor(f"staff:{address}", Scope(frozenset(teams)) if teams else Scope(), account)


ME = visitor(JO, Role.OFFICER, "front")
FRONT_LEAD = visitor(LEAD, Role.LEAD, "front")
EVERYWHERE = visitor("admin@example.gov.uk", Role.ADMINISTRATOR)


def readers(connection: Connection, book: Rulebook, people_of_team: tuple[str, ...], at: datetime = NOW) -> set[str]:
    """Who is told for these, as things stand in the store."""
    board.refresh(connection, at, book)
    return set(alert.present(people_of_team, book.outgoing.teams["front"], at, book))


def test_an_absence_holds_at_once_and_until_it_is_ended(store: Store, duty: Rulebook) -> None:
    """The deputy, else the lead, is told in the very next transaction; ended early, the person is told again."""
    with writing(store) as connection:
        people(connection, duty)
        duties.enter_absence(connection, Away(JO.upper(), TODAY, TODAY + WEEK, DI), ME, NOW, duty)
    with writing(store) as connection:
        assert readers(connection, duty, (JO,)) == {DI}
        assert readers(connection, duty, (JO,), NOW + timedelta(days=7)) == {JO}
        (absence,) = duties.absences_seen(connection, FRONT_LEAD, NOW, duty)
        assert duties.absences_seen(connection, visitor(AL, Role.LEAD, "waste"), NOW, duty) == []
        duties.end_absence(connection, absence.id, ME, NOW, duty)
        assert readers(connection, duty, (JO,)) == {JO}
        with pytest.raises(Refused, match="no such absence"):
            duties.end_absence(connection, absence.id, ME, NOW, duty)
        duties.enter_absence(connection, Away(JO, TODAY, TODAY), FRONT_LEAD, NOW, duty)
        assert readers(connection, duty, (JO,)) == {LEAD}
        kinds = [row.kind for row in connection.execute(select(events.c.kind).where(events.c.actor.like("staff:%")))]
    assert kinds == ["absence entered", "absence ended", "absence entered"]


def test_what_is_refused_of_an_absence(store: Store, duty: Rulebook) -> None:
    """Strangers, other teams' people, days that are over, a deputy who is away, a loop: each with its field."""
    book_of_file = altered(duty, deputies=Deputies([Away(LEAD, TODAY, TODAY)]))
    with writing(store) as connection:
        people(connection, book_of_file)
        duties.enter_absence(connection, Away(DI, TODAY + WEEK, TODAY + WEEK * 2, JO), FRONT_LEAD, NOW, book_of_file)
        refused = [
            (Away("", TODAY, TODAY), ME, "person"),
            (Away("stranger@example.com", TODAY, TODAY), EVERYWHERE, "person"),
            (Away(DI, TODAY, TODAY), ME, "person"),
            (Away("sam@example.gov.uk", TODAY, TODAY), FRONT_LEAD, "person"),
            (Away(JO, TODAY - timedelta(days=1), TODAY), ME, "first"),
            (Away(JO, TODAY, TODAY - timedelta(days=1)), ME, "last"),
            (Away(JO, TODAY, TODAY + timedelta(days=400)), ME, "last"),
            (Away(DI, TODAY, TODAY + WEEK), FRONT_LEAD, "first"),  # away then already
            (Away(JO, TODAY, TODAY, JO), ME, "deputy"),
            (Away(JO, TODAY, TODAY, "stranger@example.com"), ME, "deputy"),
            (Away(JO, TODAY, TODAY, "x" * 5_000), ME, "deputy"),
            (Away(JO, TODAY, TODAY, LEAD), ME, "deputy"),  # away by the files
            (Away(JO, TODAY + WEEK, TODAY + WEEK, DI), ME, "deputy"),  # who names this person
        ]
        for away, who, field in refused:
            with pytest.raises(Refused) as refusal:
                duties.enter_absence(connection, away, who, NOW, book_of_file)
            assert refusal.value.field == field, away
            assert len(refusal.value.reason) < 400
        duties.enter_absence(connection, Away("sam@example.gov.uk", TODAY, TODAY), EVERYWHERE, NOW, book_of_file)
        duties.enter_absence(connection, Away(AL, TODAY, TODAY), visitor(LEAD, Role.LEAD, "waste"), NOW, book_of_file)


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_a_night_has_one_person_though_two_leads_enter_it_at_once(store: Store, duty: Rulebook) -> None:
    """The second waits for the first, and then is refused what overlaps."""
    shift = Shift("front", TODAY, TODAY, JO)
    with writing(store) as connection:
        people(connection, duty)
    with ThreadPoolExecutor() as threads:
        with writing(store) as connection:
            duties.enter_duty(connection, shift, FRONT_LEAD, NOW, duty)
            other = threads.submit(store.write_now, lambda c: duties.enter_duty(c, shift, EVERYWHERE, NOW, duty))
            with pytest.raises(TimeoutError):
                other.result(0.3)
        with pytest.raises(Refused, match="some of these nights are with"):
            other.result()


def test_at_night_whoever_has_it_is_called_first_and_with_every_level(store: Store, duty: Rulebook, mail: Make) -> None:
    """By day the team is called as ever; at night the person on duty, then together with the level above."""
    with writing(store) as connection:
        people(connection, duty)
        duties.enter_duty(connection, Shift("front", TODAY, TODAY, JO), FRONT_LEAD, NOW, duty)
    with writing(store) as connection:
        contact = logged(connection, duty, mail(text=SMELL))
        board.refresh(connection, NOW, duty)
        by_day = [row.recipient for row in alert.urgent_alerts(contact, 0, NOW, duty)]
        first = [row.recipient for row in alert.urgent_alerts(contact, 0, NIGHT, duty)]
        second = [row.recipient for row in alert.urgent_alerts(contact, 1, NIGHT, duty)]
        gap = [row.recipient for row in alert.urgent_alerts(contact, 0, NIGHT + timedelta(days=1), duty)]
        duties.enter_absence(connection, Away(JO, TODAY, TODAY, DI), ME, NOW, duty)
        board.refresh(connection, NOW, duty)
        stands_in = [row.recipient for row in alert.urgent_alerts(contact, 0, NIGHT, duty)]
    assert (by_day, first, second, gap, stands_in) == ([STAFF], [JO], [JO, LEAD], [STAFF], [DI])


def test_a_call_reads_the_rota_in_its_own_transaction(store: Store, duty: Rulebook, mail: Make) -> None:
    """Whatever this process had read before, a contact that comes at night is called by the rota of that moment."""
    with writing(store) as connection:
        people(connection, duty)
        contact = logged(connection, duty, mail(text=SMELL))
        duties.enter_duty(connection, Shift("front", TODAY, TODAY, JO), FRONT_LEAD, NOW, duty)
        duty.outgoing.board.notices = type(duty.outgoing.board.notices)()
        call.call(connection, contact.id, NIGHT, duty, is_one_danger=False)
        contacts.put(connection, contact.id, {"urgent_at": NIGHT, "next_look_at": NIGHT, "urgent_step": 1})
        duty.outgoing.board.notices = type(duty.outgoing.board.notices)()
        assert escalate(connection, NIGHT, 10, duty) == 1
        rows = outbox.of_contact(connection, again(connection, contact.reference).id)
    called = {(row.step, row.recipient) for row in rows if row.purpose == "urgent"}
    assert called >= {("urgent-1", JO), ("urgent-2", JO), ("urgent-2", LEAD)}


def test_what_is_refused_of_the_rota(store: Store, duty: Rulebook) -> None:
    """Officers, other teams, nights that are taken or over, strangers and outlets that there are not."""
    with writing(store) as connection:
        people(connection, duty)
        duties.enter_duty(connection, Shift("front", TODAY, TODAY + WEEK, JO), FRONT_LEAD, NOW, duty)
        refused = [
            (Shift("front", TODAY + WEEK, TODAY + WEEK, DI), FRONT_LEAD, "first"),
            (Shift("front", TODAY - timedelta(days=1), TODAY, DI), FRONT_LEAD, "first"),
            (Shift("waste", TODAY, TODAY, DI), FRONT_LEAD, "team"),
            (Shift("nobody", TODAY, TODAY, DI), EVERYWHERE, "team"),
            (Shift("front", TODAY + WEEK * 2, TODAY + WEEK * 2, DI), ME, "team"),
            (Shift("waste", TODAY, TODAY, ""), EVERYWHERE, "person"),
            (Shift("waste", TODAY, TODAY, "stranger@example.com"), EVERYWHERE, "person"),
            (Shift("waste", TODAY, TODAY, "channel:post"), EVERYWHERE, "person"),
        ]
        for shift, who, field in refused:
            with pytest.raises(Refused) as refusal:
                duties.enter_duty(connection, shift, who, NOW, duty)
            assert refusal.value.field == field, shift
        for first, outlet in ((TODAY, "channel:siren"), (TODAY + WEEK, "channel:telephone")):
            duties.enter_duty(connection, Shift("waste", first, first, outlet), EVERYWHERE, NOW, duty)


def test_gaps_are_seen_and_a_night_can_be_taken_out(store: Store, duty: Rulebook) -> None:
    """The next two weeks of each team that somebody sees; a team with a rota and nobody tonight is named."""
    tomorrow = TODAY + timedelta(days=1)
    with writing(store) as connection:
        people(connection, duty)
        duties.enter_duty(connection, Shift("front", TODAY, TODAY, JO), FRONT_LEAD, NOW, duty)
        duties.enter_duty(connection, Shift("waste", tomorrow, tomorrow, AL), EVERYWHERE, NOW, duty)
        (front,) = duties.nights(connection, FRONT_LEAD, NOW, duty)
        assert [person for _, person in front.nights] == [JO, *[""] * 13]
        assert not front.is_open_tonight
        assert duties.teams_without_tonight(connection, NOW, duty) == ["waste"]
        number = next(entry.id for entry in stored.duties_from(connection, TODAY) if entry.shift.team == "front")
        with pytest.raises(Refused, match="team of yours"):
            duties.drop_duty(connection, number, visitor(AL, Role.LEAD, "waste"), NOW, duty)
        duties.drop_duty(connection, number, FRONT_LEAD, NOW, duty)
        with pytest.raises(Refused, match="no such night"):
            duties.drop_duty(connection, number, FRONT_LEAD, NOW, duty)
        assert {nights.team: nights.is_open_tonight for nights in duties.nights(connection, EVERYWHERE, NOW, duty)} == {
            "front": False,
            "waste": True,
        }


def test_what_is_long_over_is_forgotten(store: Store, duty: Rulebook) -> None:
    """A year after their last day absences and nights of duty are deleted, and not before."""
    with writing(store) as connection:
        people(connection, duty)
        duties.enter_duty(connection, Shift("front", TODAY, TODAY, JO), FRONT_LEAD, NOW, duty)
        duties.enter_absence(connection, Away(DI, TODAY, date(2026, 11, 30)), FRONT_LEAD, NOW, duty)
        later = NOW + forget.DUTIES_KEPT + timedelta(days=2)
        stored.forget(connection, (later - forget.DUTIES_KEPT).date())
        assert connection.execute(select(shifts.c.id)).all() == []
        assert len(connection.execute(select(absences.c.id)).all()) == 1
