"""One-time links, passwords of one's own, second factors: each used once, each a line in the audit trail."""

from dataclasses import replace
from datetime import datetime, timedelta

import pyotp
import pytest
from sqlalchemy import Connection

from bot.core.roles import Role, Scope
from bot.flows import credentials, staffing
from bot.flows.rulebook import Rulebook
from bot.flows.staffing import Refused, Visitor
from bot.store import audit, staff
from bot.store.audit import Looking
from bot.store.engine import Store
from bot.store.staff import Account
from bot.wire import codes
from tests.flows.conftest import NOW, writing

ADMIN, HALS, SECRET = "staff:ada@example.gov.uk", "hal@example.gov.uk", b"s" * 40
HAL = Account(HALS, "Hal", Role.OFFICER, frozenset(), "a hash", NOW, None)
APP = codes.new_secret()


@pytest.fixture
def housed(store: Store, book: Rulebook) -> Store:
    """A store in which Hal has an account."""
    store.write_now(lambda c: staffing.add(c, HAL, ADMIN, book))
    return store


def _account(connection: Connection) -> Account:
    account = staff.find(connection, HALS)
    assert account is not None
    return account


def _kinds(connection: Connection) -> list[str]:
    """What was noted, the oldest first."""
    return [event.kind for event in reversed(list(audit.trail(connection, Looking(ADMIN, Scope()), 50)))]


def _link(connection: Connection, now: datetime = NOW) -> str:
    code = credentials.make_link(connection, HALS, ADMIN, now, now)
    assert isinstance(code, str)
    return code


def test_a_link_sets_a_password_once(housed: Store, book: Rulebook) -> None:
    """Its code is stored as a digest, and stands behind the sign that browsers send to nobody; sessions end."""
    with writing(housed) as connection:
        secret = staffing.sign_in(connection, _account(connection), "password", NOW, NOW)
        code = _link(connection)
        assert credentials.link_address("https://x.example/", code) == f"https://x.example/console/link#{code}"
        owner = credentials.use_link(connection, code, "another hash", NOW, NOW)
        assert owner is not None
        assert (owner.address, owner.password) == (HALS, "another hash")
        assert staffing.visitor(connection, secret, NOW, book) is None
        assert credentials.use_link(connection, code, "a third hash", NOW, NOW) is None
        assert _account(connection).password == "another hash"
        assert _kinds(connection) == ["staff added", "signed in", "sign-in link made", "password changed"]


def test_a_link_ends_after_two_days_and_with_the_next_one(housed: Store, book: Rulebook) -> None:
    """Also when the password is changed, and while its owner is disabled; nobody else has one."""
    with writing(housed) as connection:
        first, second = _link(connection), _link(connection)
        assert credentials.owner_of_link(connection, first, NOW) is None
        assert credentials.owner_of_link(connection, second, NOW + timedelta(hours=47)) is not None
        assert credentials.owner_of_link(connection, second, NOW + timedelta(hours=48)) is None
        staffing.disable(connection, HALS, ADMIN, NOW)
        assert credentials.owner_of_link(connection, second, NOW) is None
        assert isinstance(credentials.make_link(connection, HALS, ADMIN, NOW, NOW), Refused)
        staffing.enable(connection, HALS, ADMIN, NOW)
        staffing.change(connection, HALS, staffing.Change(password="new"), ADMIN, NOW, book)
        assert credentials.owner_of_link(connection, second, NOW) is None
        assert credentials.owner_of_link(connection, "", NOW) is None
        assert isinstance(credentials.make_link(connection, "nobody@example.gov.uk", ADMIN, NOW, NOW), Refused)


def test_another_password_ends_every_other_session(housed: Store, book: Rulebook) -> None:
    """The one in which it was changed goes on; so does nothing that was handed out before."""
    with writing(housed) as connection:
        here, there = (staffing.sign_in(connection, _account(connection), "password", NOW, NOW) for _ in range(2))
        code = _link(connection)
        session = staffing.visitor(connection, here, NOW, book)
        assert session is not None
        credentials.change_own_password(connection, session[0], "another hash", NOW)
        assert staffing.visitor(connection, here, NOW, book) is not None
        assert staffing.visitor(connection, there, NOW, book) is None
        assert credentials.owner_of_link(connection, code, NOW) is None
        assert _account(connection).password == "another hash"


def test_where_passwords_are_closed_their_sessions_end(housed: Store, book: Rulebook) -> None:
    """Only those that began in the organisation's own sign-in go on."""
    with writing(housed) as connection:
        sessions = {
            how: staffing.sign_in(connection, _account(connection), how, NOW, NOW)
            for how in ("password", "link and code", staffing.ELSEWHERE)
        }
        alive = {
            how: staffing.visitor(connection, secret, NOW, book, by_password=False) is not None
            for how, secret in sessions.items()
        }
        assert alive == {"password": False, "link and code": False, "elsewhere": True}


def _set_up(connection: Connection, recovery_codes: list[str]) -> None:
    factor = credentials.factor_of(APP, pyotp.TOTP(APP).at(NOW), recovery_codes, SECRET, NOW)
    assert factor is not None
    credentials.set_up(connection, HALS, factor, NOW)


def _use(connection: Connection, code: str, at: datetime, account: Account | None = None) -> bool:
    account = account or _account(connection)
    return credentials.use_code(connection, account, credentials.read_code(account, code, SECRET, at), at)


def test_a_code_lets_in_once(housed: Store) -> None:
    """Not again, nor an earlier one, nor the one with which the app was set up; the next one does."""
    code, later = pyotp.TOTP(APP), [NOW + timedelta(seconds=30 * number) for number in range(4)]
    with writing(housed) as connection:
        assert credentials.factor_of(APP, "000000", [], SECRET, NOW) is None
        _set_up(connection, [])
        assert not _use(connection, code.at(NOW), NOW)
        stale = _account(connection)
        assert _use(connection, code.at(later[2]), later[2])
        for moment, number in ((later[2], 2), (later[2], 1)):
            assert not _use(connection, code.at(later[number]), moment)
        # Two at the same moment read the account before either was done.
        assert not _use(connection, code.at(later[2]), later[2], stale)
        assert _use(connection, code.at(later[3]), later[3])
        assert not _use(connection, "123 456", later[3])


def test_a_recovery_code_lets_in_once(housed: Store) -> None:
    """However it is typed; two at the same moment use one; new ones end the old."""
    new = codes.new_recovery_codes()
    with writing(housed) as connection:
        _set_up(connection, new)
        account = _account(connection)
        assert new[0] not in account.recovery_codes
        assert _use(connection, new[0].lower(), NOW)
        assert not _use(connection, new[0], NOW)
        assert not _use(connection, new[1], NOW, account)
        assert _use(connection, new[1], NOW)
        credentials.renew_recovery_codes(connection, HALS, credentials.recovery_digests(["ABCD"], SECRET), NOW)
        assert not _use(connection, new[2], NOW)
        assert _use(connection, "ab-cd", NOW)
        newest, *_ = audit.trail(connection, Looking(ADMIN, Scope()), 1)
        assert (newest.kind, newest.details) == ("recovery code used", {"account": HALS, "left": 0})


def test_with_another_secret_of_the_installation_no_code_is_right(housed: Store) -> None:
    """Neither the app's nor a recovery code; an administrator removes the factor, which ends sessions."""
    with writing(housed) as connection:
        _set_up(connection, ["ABCD"])
        account = _account(connection)
        for code in (pyotp.TOTP(APP).at(NOW + timedelta(seconds=60)), "ABCD"):
            reading = credentials.read_code(account, code, b"another secret", NOW + timedelta(seconds=60))
            assert not credentials.use_code(connection, account, reading, NOW)
        staffing.sign_in(connection, account, "password and code", NOW, NOW)
        assert credentials.remove_second_factor(connection, HALS, ADMIN, NOW) is None
        account = _account(connection)
        assert (account.second_factor, account.second_factor_step, account.recovery_codes) == ("", 0, "")
        again = credentials.remove_second_factor(connection, HALS, ADMIN, NOW)
        assert isinstance(again, Refused)
        newest, *_ = audit.trail(connection, Looking(ADMIN, Scope()), 1)
        assert (newest.kind, newest.details) == ("second factor removed", {"account": HALS, "sessions": 1})


def test_whoever_removes_their_own_stays_signed_in(housed: Store, book: Rulebook) -> None:
    """They have just shown their password."""
    with writing(housed) as connection:
        _set_up(connection, [])
        secret = staffing.sign_in(connection, _account(connection), "password", NOW, NOW)
        visitor = Visitor(f"staff:{HALS}", Scope(), account=replace(HAL))
        assert credentials.remove_second_factor(connection, HALS, visitor.actor, NOW) is None
        assert staffing.visitor(connection, secret, NOW, book) is not None
