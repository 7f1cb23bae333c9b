"""Whoever keeps trying keeps nobody out: devices that are known, new ones, networks, and an administrator who helps."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from bot.core.roles import Role, Scope
from bot.flows import attempts, staffing
from bot.flows.attempts import LIMITS, NETWORK, Attempt, Proof
from bot.flows.rulebook import Rulebook
from bot.flows.staffing import Refused
from bot.store import audit, staff
from bot.store.audit import Looking
from bot.store.databases import transaction
from bot.store.engine import Store
from bot.store.staff import Account
from bot.store.tables import throttles
from tests.flows.conftest import NOW, writing

SECRET = b"s" * 40
OLU = "olu@example.gov.uk"
STRANGER = Attempt(SECRET, Proof.PASSWORD, OLU, has_account=True, device="", network="192.0.2.1")
HERS = replace(STRANGER, device="her own", network="198.51.100.7")
MOST = LIMITS[Proof.PASSWORD].count


def _try(connection: Connection, attempt: Attempt, *, seconds: float = 0, right: bool = False) -> bool:
    """Whether it may be tried at that time; it is tried then, wrongly unless said otherwise."""
    at = NOW + timedelta(seconds=seconds)
    start = attempts.begin(connection, attempt, at)
    if start.allowance.is_allowed and right:
        attempts.give_back(connection, attempt, at)
    elif start.allowance.is_allowed:
        attempts.count_wrong(connection, attempt, at, is_slow=start.is_slow)
    return start.allowance.is_allowed


def _may(connection: Connection, attempt: Attempt, *, seconds: float = 0) -> bool:
    return attempts.begin(connection, attempt, NOW + timedelta(seconds=seconds), look=True).allowance.is_allowed


def test_four_hundred_seconds_of_wrong_passwords_keep_nobody_out_of_her_own_device(store: Store) -> None:
    """From many networks, every second: all but a few are refused, and she signs in at the first try."""
    with writing(store) as connection:
        tries = [
            _try(connection, replace(STRANGER, network=f"192.0.2.{number % 250}"), seconds=number)
            for number in range(400)
        ]
        assert sum(tries) == MOST + 3
        assert not _may(connection, replace(STRANGER, network="203.0.113.9"), seconds=400)
        assert _try(connection, HERS, seconds=400, right=True)


def test_a_device_that_is_known_has_its_own_bucket(store: Store) -> None:
    """Its own mistakes close it alone, and count for no network; what is right counts for nothing."""
    with writing(store) as connection:
        assert [_try(connection, HERS) for _ in range(MOST + 1)] == [True] * MOST + [False]
        assert _may(connection, STRANGER)
        assert _may(connection, replace(HERS, device="her telephone"))
        assert all(_try(connection, replace(HERS, device="new"), right=True) for _ in range(3 * MOST))


def test_of_many_at_one_moment_no_more_are_made(store: Store) -> None:
    """An attempt counts before anything is compared."""
    with writing(store) as connection:
        answers = [attempts.begin(connection, STRANGER, NOW).allowance.is_allowed for _ in range(MOST + 5)]
    assert answers == [True] * MOST + [False] * 5


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_processes_count_together(store_url: str) -> None:
    """Of many transactions at the same moment, while others clear rows away, no more are allowed."""

    def begin(number: int) -> bool:
        with transaction(store_url, writes=True) as connection:
            at = NOW + timedelta(microseconds=number)
            return attempts.begin(connection, STRANGER, at).allowance.is_allowed

    for _ in range(MOST):
        with transaction(store_url, writes=True) as connection:
            attempts.begin(connection, replace(STRANGER, device="old"), NOW - timedelta(days=1))
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(begin, range(3 * MOST)))
    assert sum(answers) == MOST


def test_a_network_becomes_slow_and_is_never_closed(store: Store) -> None:
    """After so many wrong ones two close an address, whether it has an account or not; her own device is not slow."""
    with writing(store) as connection:
        for number in range(NETWORK.count):
            _try(connection, replace(STRANGER, address=f"{number}@made.up.example", has_account=False))
        for has_account in (True, False):
            slow = replace(STRANGER, address=f"{has_account}@example.gov.uk", has_account=has_account)
            assert attempts.begin(connection, slow, NOW, look=True).is_slow
            assert [_try(connection, slow) for _ in range(3)] == [True, True, False]
        assert not attempts.begin(connection, replace(HERS, network=STRANGER.network), NOW, look=True).is_slow


def test_a_code_and_an_old_password_are_counted_apart(store: Store) -> None:
    """Whoever does not know the password cannot use up the tries of the code; there are fewer of them."""
    with writing(store) as connection:
        for _ in range(MOST):
            _try(connection, STRANGER)
        for proof in (Proof.CODE, Proof.OWN_PASSWORD):
            assert _may(connection, replace(STRANGER, proof=proof))
        code = replace(STRANGER, proof=Proof.CODE)
        assert [_try(connection, code) for _ in range(9)] == [True] * 8 + [False]
        assert [_may(connection, code, seconds=seconds) for seconds in (449, 451)] == [False, True]


def test_rows_end_when_their_bucket_is_full_again(store: Store) -> None:
    """They name nobody, and the next attempt clears away what no longer counts."""
    with writing(store) as connection:
        for number in range(50):
            _try(connection, replace(STRANGER, address=f"{number}@made.up.example", has_account=False))
        rows = connection.execute(select(throttles.c.key)).scalars().all()
        assert len(rows) == 51
        assert not any("made.up" in key or "192.0.2" in key for key in rows)
        _try(connection, replace(HERS), seconds=1_000)
        assert connection.execute(select(func.count()).select_from(throttles)).scalar() == 1


def test_a_lock_of_codes_is_seen_and_lifted_as_one_of_passwords_is(store: Store, book: Rulebook) -> None:
    """Whoever has learnt a password closes the codes to new devices; the later of both ends is shown."""
    olu = Account(OLU, "", Role.OFFICER, frozenset(), "a hash", NOW, None)
    with writing(store) as connection:
        staffing.add(connection, olu, "staff:ada@example.gov.uk", book)
        for proof in (Proof.CODE, Proof.PASSWORD):
            while _try(connection, replace(STRANGER, proof=proof)):
                pass
            (end,) = attempts.locks(connection, [olu], SECRET, NOW).values()
            assert NOW + timedelta(seconds=449) < end <= NOW + timedelta(seconds=451)
        assert attempts.lift(connection, OLU, SECRET, "staff:ada@example.gov.uk", NOW, NOW) is None
        assert attempts.locks(connection, [olu], SECRET, NOW) == {}


def test_an_administrator_lifts_a_lock(store: Store, book: Rulebook) -> None:
    """It is a line in the audit trail; what is not locked is not lifted, and no other account is."""
    admin = "staff:ada@example.gov.uk"
    bo = replace(STRANGER, address="bo@example.gov.uk")

    def lift(connection: Connection, address: str) -> Any:
        refusal = attempts.lift(connection, address, SECRET, admin, NOW, NOW)
        return refusal.reason if isinstance(refusal, Refused) else refusal

    with writing(store) as connection:
        for attempt in (STRANGER, bo):
            account = Account(attempt.address, "", Role.OFFICER, frozenset(), "a hash", NOW, None)
            staffing.add(connection, account, admin, book)
            for who in (attempt, replace(attempt, device="hers")):
                assert [_try(connection, who) for _ in range(MOST + 1)][-1] is False
        olu = staff.find(connection, OLU)
        assert olu is not None
        locks = attempts.locks(connection, staff.list_all(connection), SECRET, NOW)
        assert set(locks) == {OLU, "bo@example.gov.uk"}
        assert NOW < locks[OLU] <= NOW + timedelta(seconds=114)
        assert lift(connection, "OLU@example.gov.uk") is None
        assert attempts.locks(connection, [olu], SECRET, NOW) == {}
        assert [_may(connection, who) for who in (STRANGER, replace(STRANGER, device="hers"), bo)] == [
            True,
            True,
            False,
        ]
        assert "in vain of late" in lift(connection, OLU)
        assert "has no account" in lift(connection, "nobody@example.gov.uk")
        newest, *_ = audit.trail(connection, Looking(admin, Scope()), 1)
        assert (newest.kind, newest.actor, newest.details) == ("lock lifted", admin, {"account": OLU})
