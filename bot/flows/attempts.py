"""Who may try to sign in, and how often: strangers who try too often must not keep staff out.

Whoever comes from a device on which that account was signed in before is counted alone; all other devices share one
bucket for the account. Where many wrong passwords come from, all further ones are slow; a network is never closed,
for everybody of an organisation may be in one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection

from bot.core.events import Event, EventKind
from bot.core.throttles import Allowance, Limit, digest, slot
from bot.flows.staffing import Refused
from bot.store import contacts, staff, throttles
from bot.store.staff import Account

NETWORK = Limit(200, 900.0)
# From a slow network a wrong password counts as so many.
_WEIGHT_FROM_A_SLOW_NETWORK = 4


class Proof(StrEnum):
    """What is tried: a password at the door, a code after it, or the old password by somebody who is signed in."""

    PASSWORD = "password"  # noqa: S105 - the name of a proof
    CODE = "code"
    OWN_PASSWORD = "own password"  # noqa: S105 - the name of a proof


# A code has six digits: whoever has learnt a password has 192 of them a day.
LIMITS = {Proof.PASSWORD: Limit(8, 900.0), Proof.CODE: Limit(8, 3_600.0), Proof.OWN_PASSWORD: Limit(8, 900.0)}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: for which address, from which device ("": a new one) and network. `secret` makes the keys."""

    secret: bytes
    proof: Proof
    address: str
    has_account: bool
    device: str
    network: str

    @property
    def key(self) -> str:
        """The bucket that it is counted in."""
        return f"{_person(self.secret, self.address, has_account=self.has_account)} {self.proof} {self.device}".strip()

    @property
    def network_key(self) -> str:
        """The bucket of the network."""
        return f"network {slot(self.network, self.secret)}"


@dataclass(frozen=True, slots=True)
class Start:
    """Whether an attempt may be made, and whether it comes from a network that is slow."""

    allowance: Allowance
    is_slow: bool


def begin(connection: Connection, attempt: Attempt, now: datetime, *, look: bool = False) -> Start:
    """Count an attempt before it is made, so that of many at one moment no more are made; or only `look`."""
    limit = LIMITS[attempt.proof]
    # What comes from a device that we know is no sign of a stranger.
    has_network = not attempt.device and attempt.proof is Proof.PASSWORD
    is_slow = has_network and not throttles.look(connection, attempt.network_key, NETWORK, now).is_allowed
    ask = throttles.look if look else throttles.use
    return Start(ask(connection, attempt.key, limit, now), is_slow)


def give_back(connection: Connection, attempt: Attempt, now: datetime) -> None:
    """Give an attempt back: only wrong ones count."""
    throttles.use(connection, attempt.key, LIMITS[attempt.proof], now, -1.0)


def count_wrong(connection: Connection, attempt: Attempt, now: datetime, *, is_slow: bool) -> None:
    """Count a wrong password for its network, and from a slow one some more for the account."""
    if attempt.device or attempt.proof is not Proof.PASSWORD:
        return
    throttles.use(connection, attempt.network_key, NETWORK, now)
    for _ in range(_WEIGHT_FROM_A_SLOW_NETWORK - 1 if is_slow else 0):
        throttles.use(connection, attempt.key, LIMITS[attempt.proof], now)


def locks(connection: Connection, accounts: Sequence[Account], secret: bytes, now: datetime) -> dict[str, datetime]:
    """Which accounts are closed to devices that are new, by address, and until when: for a password or for a code."""
    ends: dict[str, datetime] = {}
    for proof in (Proof.PASSWORD, Proof.CODE):
        keys = {
            Attempt(secret, proof, account.address, has_account=True, device="", network="").key: account.address
            for account in accounts
        }
        for key, allowance in throttles.looks(connection, keys, LIMITS[proof], now).items():
            if not allowance.is_allowed:
                end = now + timedelta(seconds=allowance.next_in_seconds)
                ends[keys[key]] = max(end, ends.get(keys[key], end))
    return ends


def lift(
    connection: Connection, address: str, secret: bytes, actor: str, now: datetime, wall: datetime
) -> Refused | None:
    """Let the password and the code of an account be tried again at once, from everywhere."""
    account = staff.find(connection, address)
    if account is None:
        return Refused(f"{address} has no account")
    if not throttles.fill(connection, f"{_person(secret, account.address, has_account=True)} ", wall):
        return Refused(f"nobody has tried to sign in as {account.address} in vain of late")
    contacts.note(connection, [Event(None, now, EventKind.LOCK_LIFTED, actor, {"account": account.address})])
    return None


def _person(secret: bytes, address: str, *, has_account: bool) -> str:
    return f"account {digest(address, secret)}" if has_account else f"nobody {slot(address, secret)}"
