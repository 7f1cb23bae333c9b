"""Accounts and tokens: who may come in, who no more, and that each change is an event with who made it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, text

from bot.core.events import StoredEvent
from bot.core.roles import Role, Scope
from bot.flows import staffing
from bot.flows.rulebook import Rulebook, Team
from bot.flows.staffing import Change, Refused
from bot.store import audit, staff, tokens
from bot.store.audit import Looking
from bot.store.databases import transaction
from bot.store.engine import Store
from bot.store.staff import Account
from bot.store.tokens import Token
from tests.components.ports import wait_until
from tests.flows.conftest import NOW, writing
from tests.rulebooks import altered

ADMIN = "staff:adm@example.gov.uk"
HAL = Account("Hal@Example.gov.uk", "", Role.OFFICER, frozenset({"housing"}), "a hash", NOW, None)
HALS = "hal@example.gov.uk"


@pytest.fixture
def two(book: Rulebook) -> Rulebook:
    """Two teams."""
    return altered(book, teams={**book.outgoing.teams, "housing": Team("housing", ("housing@example.gov.uk",), "post")})


def events(connection: Connection) -> list[StoredEvent]:
    """What is written down of accounts and tokens, the newest first."""
    return list(audit.trail(connection, Looking(ADMIN, Scope()), 50))


def account(connection: Connection) -> Account:
    """Hal's account as it is stored."""
    stored = staff.find(connection, HALS)
    assert stored is not None
    return stored


def reason(refusal: Refused | str | None) -> str:
    """Why nothing was done."""
    assert isinstance(refusal, Refused)
    return refusal.reason


def test_an_account_is_kept_in_small_letters_under_its_address(store: Store, two: Rulebook) -> None:
    """One person has one account, however the address is typed; an unknown team or no address is refused."""
    with writing(store) as connection:
        assert staffing.add(connection, HAL, ADMIN, two) is None
        assert (account(connection).address, account(connection).name) == (HALS, HALS)
        assert "has an account already" in reason(staffing.add(connection, replace(HAL, address=HALS), ADMIN, two))
        lost = replace(HAL, address="x@example.gov.uk", teams=frozenset({"parks"}))
        assert reason(staffing.add(connection, lost, ADMIN, two)) == "there is no team parks; there are front, housing"
        assert reason(staffing.add(connection, replace(HAL, address="hal"), ADMIN, two))
        (event,) = events(connection)
        assert (event.kind, event.actor) == ("staff added", ADMIN)
        assert event.details == {"account": HALS, "role": "officer", "teams": "housing"}


def test_each_change_is_an_event_of_its_own(store: Store, two: Rulebook) -> None:
    """Role, teams and password; a new password ends the sessions that the old one began."""
    with writing(store) as connection:
        staffing.add(connection, HAL, ADMIN, two)
        secret = staffing.sign_in(connection, account(connection), "password", NOW, NOW)
        change = Change(Role.LEAD, frozenset(), "another hash")
        assert staffing.change(connection, "HAL@example.gov.uk", change, ADMIN, NOW, two) is None
        changed = account(connection)
        assert (changed.role, changed.teams, changed.password) == (Role.LEAD, frozenset(), "another hash")
        assert staffing.visitor(connection, secret, NOW, two) is None
        details = {event.kind: event.details for event in events(connection)}
        assert details["role changed"] == {"account": HALS, "role": "lead", "role_before": "officer"}
        assert details["teams changed"] == {"account": HALS, "teams": "every team", "teams_before": "housing"}
        assert details["password changed"] == {"account": HALS, "sessions": 1}


def test_a_change_that_is_none_is_refused(store: Store, two: Rulebook) -> None:
    """So is one of an account that is not there, and one to a team that nobody has."""
    with writing(store) as connection:
        staffing.add(connection, HAL, ADMIN, two)
        for address, change, words in (
            ("nobody@example.gov.uk", Change(Role.LEAD), "has no account"),
            (HALS, Change(), "has this role and these teams already"),
            (HALS, Change(Role.OFFICER, frozenset({"housing"})), "has this role and these teams already"),
            (HALS, Change(teams=frozenset({"parks"})), "there is no team parks"),
        ):
            assert words in reason(staffing.change(connection, address, change, ADMIN, NOW, two))
        assert [event.kind for event in events(connection)] == ["staff added"]


def test_there_is_always_an_administrator(store: Store, two: Rulebook) -> None:
    """The last one who may come in keeps the role; once there is another one, it can be given up."""
    with writing(store) as connection:
        for address in (HALS, "eve@example.gov.uk"):
            staffing.add(connection, replace(HAL, address=address, role=Role.ADMINISTRATOR), ADMIN, two)
        assert staffing.disable(connection, "eve@example.gov.uk", ADMIN, NOW) is None
        for refusal in (
            staffing.change(connection, HALS, Change(Role.READER), ADMIN, NOW, two),
            staffing.disable(connection, HALS, ADMIN, NOW),
        ):
            assert "is the last administrator" in reason(refusal)
        assert staffing.enable(connection, "eve@example.gov.uk", ADMIN, NOW) is None
        assert staffing.change(connection, HALS, Change(Role.READER), ADMIN, NOW, two) is None
        assert account(connection).role is Role.READER


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_two_administrators_cannot_demote_each_other_at_once(store_url: str, two: Rulebook) -> None:
    """Of two transactions at the same moment the second waits for the first, and then finds that it may not."""
    bob = "bob@example.gov.uk"
    with transaction(store_url, writes=True) as connection:
        for address in (HALS, bob):
            staffing.add(connection, replace(HAL, address=address, role=Role.ADMINISTRATOR), ADMIN, two)

    def demote(address: str) -> Refused | None:
        with transaction(store_url, writes=True) as connection:
            return staffing.change(connection, address, Change(Role.READER), ADMIN, NOW, two)

    with ThreadPoolExecutor(1) as pool:
        with transaction(store_url, writes=True) as connection:
            assert staffing.change(connection, HALS, Change(Role.READER), bob, NOW, two) is None
            second = pool.submit(demote, bob)
            wait_until(lambda: second.done() or _somebody_waits(store_url), what="the second transaction")
            assert not second.done()
        assert "is the last administrator" in reason(second.result())


def _somebody_waits(url: str) -> bool:
    with transaction(url, writes=False) as connection:
        return bool(connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar())


def test_whoever_is_disabled_comes_in_no_more_until_enabled(store: Store, two: Rulebook) -> None:
    """Their sessions end at once; neither is done twice."""
    with writing(store) as connection:
        staffing.add(connection, HAL, ADMIN, two)
        secret = staffing.sign_in(connection, account(connection), "password", NOW, NOW)
        assert "has no account that is disabled" in reason(staffing.enable(connection, HALS, ADMIN, NOW))
        assert staffing.disable(connection, HALS, ADMIN, NOW) is None
        assert staffing.visitor(connection, secret, NOW, two) is None
        assert "no account that lets anybody in" in reason(staffing.disable(connection, HALS, ADMIN, NOW))
        assert staffing.enable(connection, HALS, ADMIN, NOW) is None
        assert account(connection).disabled_at is None
        assert staffing.visitor(connection, secret, NOW, two) is None
        kinds = [event.kind for event in events(connection)]
        assert kinds == ["staff enabled", "staff disabled", "signed in", "staff added"]


def test_signing_out_ends_one_session_and_an_administrator_all(store: Store, two: Rulebook) -> None:
    """What is not there is not ended."""
    with writing(store) as connection:
        staffing.add(connection, HAL, ADMIN, two)
        first, second, third = (
            staffing.sign_in(connection, account(connection), "password", NOW, NOW) for _ in range(3)
        )
        session = staffing.visitor(connection, first, NOW, two)
        assert session is not None
        staffing.sign_out(connection, session[0], NOW)
        assert staffing.visitor(connection, first, NOW, two) is None
        assert staffing.visitor(connection, second, NOW, two) is not None
        assert staffing.end_sessions(connection, HALS, ADMIN, NOW) is None
        assert staffing.visitor(connection, third, NOW, two) is None
        assert "is not signed in anywhere" in reason(staffing.end_sessions(connection, HALS, ADMIN, NOW))
        assert "has no account" in reason(staffing.end_sessions(connection, "nobody@example.gov.uk", ADMIN, NOW))
        newest = events(connection)[0]
        assert (newest.kind, newest.details) == ("sessions ended", {"account": HALS, "sessions": 2})


def test_an_administrator_sees_every_contact(store: Store, two: Rulebook) -> None:
    """Whatever their teams; and what no team has is seen by the team that is told of it."""
    with writing(store) as connection:
        for role, teams, scope in (
            (Role.ADMINISTRATOR, {"housing"}, Scope()),
            (Role.OFFICER, {"housing"}, Scope(frozenset({"housing"}), unassigned=False)),
            (Role.OFFICER, {"front"}, Scope(frozenset({"front"}))),
            (Role.OFFICER, set[str](), Scope()),
        ):
            person = replace(HAL, address=f"{role}{len(teams)}{min(teams, default='')}@example.gov.uk", role=role)
            assert staffing.add(connection, replace(person, teams=frozenset(teams)), ADMIN, two) is None
            stored = staff.find(connection, person.address)
            assert stored is not None
            secret = staffing.sign_in(connection, stored, "password", NOW, NOW)
            session = staffing.visitor(connection, secret, NOW, two)
            assert session is not None
            assert (session[0].scope, session[0].address) == (scope, person.address)


def test_what_is_tried_in_vain_is_written_down_short(store: Store) -> None:
    """Whatever was typed: an address, a path, a secret that is none."""
    with writing(store) as connection:
        staffing.not_signed_in(connection, "x" * 1000, "wrong password", NOW)
        staffing.unknown(connection, "session", "10.0.0.1", NOW)
        staffing.unknown(connection, "token", "10.0.0.1", NOW)
        staffing.too_big(connection, "/" * 1000, "token:phones", NOW)
        big, token, session, sign_in = events(connection)
        assert (big.kind, big.actor, len(big.details["what"])) == ("refused", "token:phones", 200)
        assert (token.kind, session.kind) == ("unknown token", "unknown session")
        assert (sign_in.kind, sign_in.actor) == ("sign-in refused", "nobody")


def test_what_was_typed_for_an_address_is_stored_only_where_it_is_an_account(store: Store, two: Rulebook) -> None:
    """A password that is typed into the wrong field is in no line."""
    with writing(store) as connection:
        assert staffing.add(connection, HAL, ADMIN, two) is None
        for typed in (" HAL@example.gov.uk", "correct horse battery staple", "nobody@example.gov.uk"):
            staffing.not_signed_in(connection, typed, "wrong password, or no account", NOW)
        refused = [event.details for event in events(connection) if event.kind == "sign-in refused"]
        reason = {"reason": "wrong password, or no account"}
        assert refused[::-1] == [{"account": "hal@example.gov.uk", **reason}, reason, reason]


def test_a_token_lets_a_program_in_until_it_is_revoked(store: Store, two: Rulebook) -> None:
    """Only its digest is kept; names are used once; that it is used is noted once a minute."""
    phones = Token("phones", frozenset({"contacts:read"}), frozenset({"housing"}), NOW)
    with writing(store) as connection:
        secret = staffing.create_token(connection, phones, ADMIN, two)
        assert isinstance(secret, str)
        again = staffing.create_token(connection, phones, ADMIN, two)
        assert "there is a token phones already" in reason(again)
        program = staffing.bearer(connection, secret, NOW, two)
        assert program is not None
        assert (program[0].actor, program[0].address, program[1]) == ("token:phones", "", True)
        tokens.note_use(connection, "phones", NOW)
        for seconds, is_noted in ((60, False), (61, True)):
            program = staffing.bearer(connection, secret, NOW + timedelta(seconds=seconds), two)
            assert program is not None
            assert program[1] is is_noted
        assert staffing.revoke_token(connection, "phones", ADMIN, NOW) is None
        assert staffing.bearer(connection, secret, NOW, two) is None
        assert "there is no token phones" in reason(staffing.revoke_token(connection, "phones", ADMIN, NOW))
        assert [event.kind for event in events(connection)] == ["token revoked", "token created"]


def test_a_token_lets_nobody_in_after_its_end(store: Store, two: Rulebook) -> None:
    """Up to its last moment it does; then it is told apart from a token that nobody made, with a line of its own."""
    phones = Token("phones", frozenset({"contacts:read"}), frozenset(), NOW, ends_at=NOW + timedelta(days=1))
    with writing(store) as connection:
        secret = staffing.create_token(connection, phones, ADMIN, two)
        assert isinstance(secret, str)
        assert staffing.bearer(connection, secret, NOW + timedelta(hours=23), two) is not None
        with pytest.raises(staffing.Expired, match="The token phones has expired"):
            staffing.bearer(connection, secret, NOW + timedelta(days=1), two)
        assert tokens.usable(connection, NOW + timedelta(days=1)) == []
        staffing.expired(connection, phones, "192.0.2.1", NOW)
        tried, creation = events(connection)
        assert (tried.kind, tried.actor, tried.details) == ("expired token", "token:phones", {"place": "192.0.2.1"})
        assert creation.details["ends_at"] == "2026-11-24T09:15:00+00:00"


@pytest.mark.parametrize(("days", "end"), [("", NOW + timedelta(365)), ("30", NOW + timedelta(30)), ("never", None)])
def test_a_token_ends_after_a_year_unless_somebody_says_otherwise(days: str, end: datetime | None) -> None:
    """`never` must be said."""
    assert staffing.token_end(days, NOW) == end


@pytest.mark.parametrize("days", ["0", "-1", "3651", "soon", "1.5", "\u0661", "9" * 5000])
def test_an_end_that_is_none_is_refused(days: str) -> None:
    """With what may be given."""
    with pytest.raises(ValueError, match="give a number of days from 1 to 3650, or never"):
        staffing.token_end(days, NOW)


@pytest.mark.parametrize(
    ("scopes", "teams", "words"),
    [
        (set(), set(), "nothing is no scope"),
        ({"contacts:read", "contacts:all"}, set(), "contacts:all is no scope"),
        ({"contacts:read"}, {"parks"}, "there is no team parks"),
    ],
)
def test_a_token_of_what_is_not_there_is_refused(
    store: Store, two: Rulebook, scopes: set[str], teams: set[str], words: str
) -> None:
    """A scope, a team; and nothing at all."""
    with writing(store) as connection:
        token = Token("phones", frozenset(scopes), frozenset(teams), NOW)
        assert words in reason(staffing.create_token(connection, token, ADMIN, two))
        assert tokens.list_all(connection) == []
