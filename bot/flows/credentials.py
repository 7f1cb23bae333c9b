"""What somebody of staff signs in with: one-time links, a password of their own, a second factor."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.core.events import Event, EventKind
from bot.core.subkeys import Use, subkey
from bot.flows.staffing import Refused, Visitor
from bot.store import contacts, staff, tokens
from bot.store.staff import Account
from bot.wire import codes

LINK_LASTS = timedelta(hours=48)
# The page that takes the code of a link. It stands behind the #, which browsers send to nobody: no log has it.
LINK_PATH = "/console/link"


@dataclass(frozen=True, slots=True)
class Factor:
    """A second factor as it is stored: the encrypted secret, the step of its first code, digests of recovery codes."""

    sealed_secret: str
    step: int
    recovery_digests: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a code that somebody typed may be: the code of a step, else perhaps a recovery code."""

    step: int | None
    digest: str


def make_link(connection: Connection, address: str, actor: str, now: datetime, wall: datetime) -> str | Refused:
    """A new one-time link for somebody, in place of any other: its code, which is shown once and never again."""
    account = staff.find(connection, address)
    if account is None or account.disabled_at is not None:
        return Refused(f"{address} has no account that lets anybody in")
    code = secrets.token_urlsafe(24)
    staff.add_link(connection, tokens.digest_of(code), account.address, wall + LINK_LASTS, wall)
    _note(connection, EventKind.SIGN_IN_LINK_MADE, actor, now, account=account.address)
    return code


def link_address(public_url: str, code: str) -> str:
    """The link itself."""
    return f"{public_url.rstrip('/')}{LINK_PATH}#{code}"


def owner_of_link(connection: Connection, code: str, wall: datetime) -> Account | None:
    """Whose link this is; None for one that was used or has ended."""
    return staff.link_account(connection, tokens.digest_of(code), wall)


def use_link(connection: Connection, code: str, password: str, now: datetime, wall: datetime) -> Account | None:
    """Set the password that its owner has chosen (as it is kept), and end their sessions; None where it is used."""
    account = owner_of_link(connection, code, wall)
    if account is None or not staff.use_link(connection, tokens.digest_of(code)):
        return None
    staff.change(connection, account.address, password=password)
    count = staff.end_sessions_of(connection, account.address)
    details = {"account": account.address, "sessions": count, "how": "link"}
    _note(connection, EventKind.PASSWORD_CHANGED, f"staff:{account.address}", now, **details)
    return staff.find(connection, account.address)


def change_own_password(connection: Connection, visitor: Visitor, password: str, now: datetime) -> None:
    """Set another password (as it is kept); sessions but this one end, and so does a link that nobody has used."""
    staff.change(connection, visitor.address, password=password)
    staff.drop_links(connection, visitor.address)
    count = staff.end_sessions_of(connection, visitor.address, but=visitor.session)
    _note(connection, EventKind.PASSWORD_CHANGED, visitor.actor, now, account=visitor.address, sessions=count)


def factor_of(
    app_secret: str, code: str, recovery_codes: Sequence[str], secret: bytes, wall: datetime
) -> Factor | None:
    """A second factor, where this code shows that the app has its secret. What it imports is slow the first time."""
    step = codes.step_of(app_secret, code, wall)
    if step is None:
        return None
    sealed_secret = codes.seal(app_secret, subkey(secret, Use.SECOND_FACTOR))
    return Factor(sealed_secret, step, recovery_digests(recovery_codes, secret))


def recovery_digests(recovery_codes: Sequence[str], secret: bytes) -> str:
    """The codes as they are stored."""
    return " ".join(codes.recovery_digest(code, subkey(secret, Use.RECOVERY)) for code in recovery_codes)


def set_up(connection: Connection, address: str, factor: Factor, now: datetime) -> None:
    """Ask for a code of this app from now on. The code that showed that it works counts as used."""
    staff.change(
        connection,
        address,
        second_factor=factor.sealed_secret,
        second_factor_step=factor.step,
        recovery_codes=factor.recovery_digests,
    )
    _note(connection, EventKind.SECOND_FACTOR_SET_UP, f"staff:{address}", now, account=address)


def renew_recovery_codes(connection: Connection, address: str, digests: str, now: datetime) -> None:
    """Other recovery codes hold, and the old ones no more."""
    staff.change(connection, address, recovery_codes=digests)
    _note(connection, EventKind.RECOVERY_CODES_RENEWED, f"staff:{address}", now, account=address)


def read_code(account: Account, code: str, secret: bytes, wall: datetime) -> Reading:
    """Compare what was typed with the app's codes of now. What it imports is slow the first time."""
    app_secret = codes.unseal(account.second_factor, subkey(secret, Use.SECOND_FACTOR))
    step = codes.step_of(app_secret, code, wall)
    return Reading(step, codes.recovery_digest(code, subkey(secret, Use.RECOVERY)))


def use_code(connection: Connection, account: Account, reading: Reading, now: datetime) -> bool:
    """Whether the code lets this account in: a code of the app or a recovery code does so once."""
    if reading.step is not None:
        return staff.use_step(connection, account.address, reading.step)
    if not staff.use_recovery_code(connection, account, reading.digest):
        return False
    remainder = len(account.recovery_codes.split()) - 1
    _note(
        connection,
        EventKind.RECOVERY_CODE_USED,
        f"staff:{account.address}",
        now,
        account=account.address,
        left=remainder,
    )
    return True


def remove_second_factor(connection: Connection, address: str, actor: str, now: datetime) -> Refused | None:
    """Ask for no code any more, as whoever has lost app and recovery codes needs; their sessions end."""
    account = staff.find(connection, address)
    if account is None or not account.second_factor:
        return Refused(f"{address} has no second factor")
    staff.change(connection, account.address, second_factor="", second_factor_step=0, recovery_codes="")
    by_themselves = actor == f"staff:{account.address}"
    count = 0 if by_themselves else staff.end_sessions_of(connection, account.address)
    _note(connection, EventKind.SECOND_FACTOR_REMOVED, actor, now, account=account.address, sessions=count)
    return None


def _note(connection: Connection, kind: EventKind, actor: str, at: datetime, **details: Any) -> None:
    contacts.note(connection, [Event(None, at, kind, actor, details)])
