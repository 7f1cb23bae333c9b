"""Who may come in: accounts of staff and tokens of programs. Everything done to them is an event."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection

from bot.core.events import Event, EventKind
from bot.core.roles import SCOPES, Role, Scope
from bot.core.suggestions import in_brackets
from bot.flows.rulebook import OutgoingRules, Rulebook
from bot.store import contacts, staff, tokens
from bot.store.staff import Account
from bot.store.tokens import Token
from bot.wire import typed

Values = dict[str, Any]
# Somebody who has not come back for so long must sign in again; after a working day in any case.
SESSION_LASTS = timedelta(hours=2)
SESSION_LASTS_AT_MOST = timedelta(hours=12)
# How somebody signs in through the organisation's own sign-in, as a session has it.
ELSEWHERE = "elsewhere"
# The clocks of several machines differ by less. What began later than that was begun by a clock that was wrong.
_CLOCKS_DIFFER = timedelta(minutes=5)
# So often at most it is written down that a session or a token is used.
_NOTED_EVERY = timedelta(minutes=1)
# A token ends after so many days unless whoever makes it says otherwise; for so long at most.
TOKEN_DAYS, MOST_TOKEN_DAYS = 365, 3650
_TOKEN_PREFIX = "ackbot_"  # noqa: S105 - lets people and scanners see what it is


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was changed, and why; `is_misuse` where what was given is none of what there is."""

    reason: str
    is_misuse: bool = False


class Expired(Exception):
    """The token was good, and its time is over."""

    def __init__(self, token: Token) -> None:
        super().__init__(f"The token {token.name} has expired. Make another one: ackbot token create")
        self.token = token


@dataclass(frozen=True, slots=True)
class Change:
    """What of an account becomes another; None stays as it is. No teams: every team's; a password as it is kept."""

    role: Role | None = None
    teams: frozenset[str] | None = None
    password: str | None = None


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is asking: an account with its session, or a token of a program. `actor` is how events name them."""

    actor: str
    scope: Scope
    account: Account | None = None
    token: Token | None = None
    session: str = ""

    @property
    def address(self) -> str:
        """The address of the account, "" for a program."""
        return self.account.address if self.account else ""


def add(connection: Connection, account: Account, actor: str, book: Rulebook) -> Refused | None:
    """Let somebody in from now on; None when it is done. Without a name they are called by their address."""
    if refusal := typed.account_fault(account.address) or _unknown_team(account.teams, book.outgoing):
        return Refused(refusal, is_misuse=True)
    address = typed.account(account.address)
    account = replace(account, address=address, name=account.name or address)
    if not staff.add(connection, account):
        return Refused(f"{account.address} has an account already")
    details = {"account": account.address, "role": account.role, "teams": _team_names(account.teams)}
    _note(connection, EventKind.STAFF_ADDED, actor, account.created_at, **details)
    return None


def change(
    connection: Connection, address: str, new: Change, actor: str, now: datetime, book: Rulebook
) -> Refused | None:
    """Give somebody another role, other teams or another password, which ends the sessions that the old one began."""
    account = staff.find(connection, address)
    if account is None:
        return Refused(f"{address} has no account")
    if refusal := _unknown_team(new.teams or frozenset(), book.outgoing):
        return Refused(refusal, is_misuse=True)
    if refusal := _why_not(connection, account, new):
        return Refused(refusal)

    def note(kind: EventKind, **details: Any) -> None:
        _note(connection, kind, actor, now, account=account.address, **details)

    if new.role not in (None, account.role):
        staff.change(connection, account.address, role=str(new.role))
        note(EventKind.ROLE_CHANGED, role=new.role, role_before=account.role)
    if new.teams not in (None, account.teams):
        staff.change(connection, account.address, teams=" ".join(sorted(new.teams or ())))
        note(EventKind.TEAMS_CHANGED, teams=_team_names(new.teams), teams_before=_team_names(account.teams))
    if new.password is not None:
        staff.change(connection, account.address, password=new.password)
        staff.drop_links(connection, account.address)
        note(EventKind.PASSWORD_CHANGED, sessions=staff.end_sessions_of(connection, account.address))
    return None


def disable(connection: Connection, address: str, actor: str, now: datetime) -> Refused | None:
    """Let somebody in no more, and end their sessions."""
    account = staff.find(connection, address)
    if account is None or account.disabled_at is not None:
        return Refused(f"{address} has no account that lets anybody in")
    if refusal := _last_administrator(connection, account, None):
        return Refused(refusal)
    staff.change(connection, account.address, disabled_at=now)
    staff.end_sessions_of(connection, account.address)
    _note(connection, EventKind.STAFF_DISABLED, actor, now, account=account.address)
    return None


def enable(connection: Connection, address: str, actor: str, now: datetime) -> Refused | None:
    """Let somebody in again."""
    account = staff.find(connection, address)
    if account is None or account.disabled_at is None:
        return Refused(f"{address} has no account that is disabled")
    staff.change(connection, account.address, disabled_at=None)
    _note(connection, EventKind.STAFF_ENABLED, actor, now, account=account.address)
    return None


def sign_in(connection: Connection, account: Account, how: str, now: datetime, wall: datetime) -> str:
    """Begin a session: the secret that the browser keeps. Signing in always makes a new one.

    Its length is counted on the wall: a rehearsal hurries nobody out, and leaves no session that lasts for years.
    """
    secret = secrets.token_urlsafe(32)
    staff.begin_session(connection, tokens.digest_of(secret), account.address, how, (wall, wall + SESSION_LASTS))
    _note(connection, EventKind.SIGNED_IN, f"staff:{account.address}", now, how=how)
    return secret


def not_signed_in(connection: Connection, address: str, reason: str, now: datetime) -> None:
    """Note that somebody tried in vain, and to whose account.

    What was typed and is nobody's account is not stored: it may be a password, typed into the wrong field.
    """
    account = staff.find(connection, address)
    of_account = {"account": account.address} if account else {}
    _note(connection, EventKind.SIGN_IN_REFUSED, "nobody", now, **of_account, reason=reason)


def unknown(connection: Connection, kind: Literal["session", "token"], at: str, now: datetime) -> None:
    """Note that somebody came with a session or a token that is none (any more)."""
    _note(connection, EventKind(f"unknown {kind}"), "nobody", now, place=at)


def expired(connection: Connection, token: Token, at: str, now: datetime) -> None:
    """Note that a program came with a token whose time is over."""
    _note(connection, EventKind.EXPIRED_TOKEN, f"token:{token.name}", now, place=at)


def too_big(connection: Connection, path: str, actor: str, now: datetime) -> None:
    """Note that somebody sent more than we read."""
    _note(connection, EventKind.REFUSED, actor, now, what=path[:200], reason="too big")


def sign_out(connection: Connection, visitor: Visitor, now: datetime) -> None:
    """End the session."""
    staff.end_session(connection, visitor.session)
    _note(connection, EventKind.SIGNED_OUT, visitor.actor, now)


def end_sessions(connection: Connection, address: str, actor: str, now: datetime) -> Refused | None:
    """Sign somebody out everywhere."""
    account = staff.find(connection, address)
    if account is None:
        return Refused(f"{address} has no account")
    if not (count := staff.end_sessions_of(connection, account.address)):
        return Refused(f"{account.address} is not signed in anywhere")
    _note(connection, EventKind.SESSIONS_ENDED, actor, now, account=account.address, sessions=count)
    return None


def visitor(
    connection: Connection, secret: str, wall: datetime, book: Rulebook, *, by_password: bool = True
) -> tuple[Visitor, bool] | None:
    """Who has this session, and whether it is to be noted that it is used; None for a session that has ended.

    Without `by_password` only those last that began in the organisation's own sign-in.
    """
    digest = tokens.digest_of(secret)
    session = staff.session(connection, digest, wall)
    if session is None or not -_CLOCKS_DIFFER <= wall - session.began_at <= SESSION_LASTS_AT_MOST:
        return None
    if not by_password and session.how != ELSEWHERE:
        return None
    account = session.account
    sees_all = account.role is Role.ADMINISTRATOR
    scope = Scope() if sees_all else book.outgoing.scope(account.teams)
    guest = Visitor(f"staff:{account.address}", scope, account=account, session=digest)
    return guest, wall - session.seen_at > _NOTED_EVERY


def keep_session(connection: Connection, visitor: Visitor, wall: datetime) -> None:
    """The session is used."""
    staff.extend_session(connection, visitor.session, wall, wall + SESSION_LASTS)


def token_end(days: str, now: datetime) -> datetime | None:
    """When a token ends that is made now: after so many days, `TOKEN_DAYS` for ""; None for "never".

    Raises ValueError that says what may be given.
    """
    if days == "never":
        return None
    number = int(days) if days.isascii() and days.isdecimal() and len(days) < 6 else 0
    if days and not 1 <= number <= MOST_TOKEN_DAYS:
        raise ValueError(f"give a number of days from 1 to {MOST_TOKEN_DAYS}, or never")
    return now + timedelta(days=number or TOKEN_DAYS)


def create_token(connection: Connection, token: Token, actor: str, book: Rulebook) -> str | Refused:
    """A new token: the secret, which is shown once and never again."""
    unknown = sorted(token.scopes - SCOPES.keys())
    if unknown or not token.scopes:
        name = unknown[0] if unknown else "nothing"
        return Refused(f"{name} is no scope{in_brackets(name, SCOPES)}; there are {', '.join(SCOPES)}", is_misuse=True)
    if refusal := _unknown_team(token.teams, book.outgoing):
        return Refused(refusal, is_misuse=True)
    secret = _TOKEN_PREFIX + secrets.token_urlsafe(32)
    if not tokens.add(connection, token, tokens.digest_of(secret)):
        return Refused(f"there is a token {token.name} already; choose another name")
    scopes, ends_at = " ".join(sorted(token.scopes)), token.ends_at.isoformat() if token.ends_at else "never"
    details = {"token": token.name, "scopes": scopes, "ends_at": ends_at}
    _note(connection, EventKind.TOKEN_CREATED, actor, token.created_at, **details)
    return secret


def revoke_token(connection: Connection, name: str, actor: str, now: datetime) -> Refused | None:
    """It lets nobody in any more."""
    if not tokens.revoke(connection, name, now):
        return Refused(f"there is no token {name} that lets anybody in")
    _note(connection, EventKind.TOKEN_REVOKED, actor, now, token=name)
    return None


def bearer(connection: Connection, secret: str, now: datetime, book: Rulebook) -> tuple[Visitor, bool] | None:
    """Who has this token, and whether it is to be noted that it is used; None for one that lets nobody in.

    Raises Expired.
    """
    token = tokens.with_digest(connection, tokens.digest_of(secret))
    if token is None:
        return None
    if token.has_ended(now):
        raise Expired(token)
    guest = Visitor(f"token:{token.name}", book.outgoing.scope(token.teams), token=token)
    return guest, token.used_at is None or now - token.used_at > _NOTED_EVERY


def note_refusal(
    connection: Connection, visitor: Visitor, now: datetime, *, attempt: str, reason: str, reference: str = ""
) -> None:
    """Note that somebody tried what they may not, or what could not be done; `reference`: to that contact.

    What was tried may be anything: it is kept short, and as text that every database takes.
    """
    contact = contacts.find(connection, reference) if reference else None
    details = {"what": _safe(attempt[:200]), "reason": _safe(reason)}
    event = Event(contact.id if contact else None, now, EventKind.REFUSED, visitor.actor, details)
    contacts.note(connection, [event])


def _safe(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\0", "")


def _unknown_team(teams: frozenset[str], rules: OutgoingRules) -> str:
    unknown = sorted(teams - rules.teams.keys())
    if not unknown:
        return ""
    return f"there is no team {unknown[0]}{in_brackets(unknown[0], rules.teams)}; there are {', '.join(rules.teams)}"


def _team_names(teams: frozenset[str] | None) -> str:
    return " ".join(sorted(teams or ())) or "every team"


def _why_not(connection: Connection, account: Account, new: Change) -> str:
    if new.password is None and new.role in (None, account.role) and new.teams in (None, account.teams):
        return f"{account.address} has this role and these teams already"
    return _last_administrator(connection, account, new.role) if new.role is not None else ""


def _last_administrator(connection: Connection, account: Account, role: Role | None) -> str:
    if account.role is not Role.ADMINISTRATOR or role is Role.ADMINISTRATOR:
        return ""
    # Read in a way that makes two who demote each other at the same moment wait for one another.
    remains = any(colleague.address != account.address for colleague in staff.administrators(connection))
    return "" if remains else f"{account.address} is the last administrator; make somebody else one first"


def _note(connection: Connection, kind: EventKind, actor: str, at: datetime, **details: Any) -> None:
    contacts.note(connection, [Event(None, at, kind, actor, details)])
