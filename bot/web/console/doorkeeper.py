"""Who is at the door of the console: the session behind a cookie, what they may, and whether a form is our own."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp_jinja2
from aiohttp import web

from bot.channel import Temporary
from bot.core import threads
from bot.core.events import Event, EventKind
from bot.core.roles import Permission
from bot.core.subkeys import Use, subkey
from bot.flows import staffing
from bot.flows.staffing import Visitor
from bot.store import contacts
from bot.web import incidents
from bot.web.client import client_network
from bot.web.forms import fields_of
from bot.web.site import Site, Work, loop_time
from bot.web.throttling import NOTED_A_MINUTE, Throttle

ROOT = "/console"
CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
_OWN_SITES = ("same-origin", "none")
_NEVER_SHOWN = frozenset({"code", "csrf", "next", "old_password", "password", "secret", "seen", "token"})
# What `new_secret` makes.
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
# Where there is a page to go on from, of whatever was posted below it.
_SHOWN_AGAIN = re.compile(rf"{ROOT}/(?:contacts/[A-Za-z0-9-]+|record)")
# No segment of it begins with a dot or is escaped, so that no browser turns it into another.
_OWN_PATH = re.compile(rf"{ROOT}(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+")


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who is signed in, and the token that their forms carry."""

    visitor: Visitor
    csrf: str

    def may(self, permission: Permission) -> bool:
        """Whether their role is enough."""
        return self.visitor.account is not None and self.visitor.account.role.may(permission)


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Page = Callable[[web.Request, Guest], Awaitable[web.StreamResponse]]


class Doorkeeper:
    """Lets pages be seen by who may see them. `secret` signs the tokens of forms."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._noted = Throttle(NOTED_A_MINUTE, 60)

    def open_to_all(self, handler: Handler) -> Handler:
        """The handler in front of the door: a page, too, while the store is locked; what is too big leaves a line."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request)
            except Temporary:
                words = "This cannot be stored or read just now. Wait a minute, go back, and try again."
                response = await _shown_again(request, None, 503, words)
                response.headers["Retry-After"] = "60"
                return response
            except web.HTTPRequestEntityTooLarge:
                guest = None
                with suppress(Temporary):
                    guest = await self._note_too_big(request)
                advice = "Go back: what you typed is still there. Choose smaller files, or make your words shorter."
                return refusal(request, 413, "That is too big to send", advice, guest)
            except web.HTTPException:
                raise
            except Exception as error:  # noqa: BLE001 - the border to staff: they get a page, the log gets the place
                return await _failed(request, incidents.report(request, error))

        return guarded

    def page(self, may: Permission, handler: Page, *, most_bytes: int = 0) -> Handler:
        """The handler behind the door; a form that is posted must be our own.

        `most_bytes`: a form may be as large, from somebody who is let in; 0: as large as from anybody.
        """

        async def behind(request: web.Request) -> web.StreamResponse:
            guest = await self.guest(request)
            if guest is None:
                return await self._shown_in(request)
            if not guest.may(may):
                await self.refuse(guest, request.path, "role")
                return refusal(request, 403, "You may not do this", "Ask an administrator if you need to.", guest)
            if most_bytes:
                request = request.clone(client_max_size=most_bytes)
            if request.method == "POST" and not await self.is_own_form(request, guest.csrf):
                await self.refuse(guest, request.path, "forged or stale form")
                return await _stale(request, guest)
            response = await handler(request, guest)
            protect(response)
            return response

        return self.open_to_all(behind)

    async def guest(self, request: web.Request) -> Guest | None:
        """Who is signed in."""
        secret = request.cookies.get(cookie_name(request), "")
        if not secret:
            return None
        wall, book = self._site.wall(), self._site.book
        open_to_passwords = not self._site.settings.sign_in.only
        session = await self._site.read(
            lambda c: staffing.visitor(c, secret, wall, book, by_password=open_to_passwords)
        )
        if session is None:
            at, now = client_network(request), self._site.now()
            await self.note_seldom(at, lambda c: staffing.unknown(c, "session", at, now))
            return None
        visitor, note = session
        if note:
            await self._site.write(lambda c: staffing.keep_session(c, visitor, wall))
        return Guest(visitor, self.csrf_of(visitor.session))

    async def refuse(self, guest: Guest, attempt: str, reason: str) -> None:
        """Note, ten times a minute at most, that somebody tried what they may not: beside the contact that is named."""
        now, visitor, references_in_attempt = (
            self._site.now(),
            guest.visitor,
            threads.references_in(attempt, self._site.book.prefix),
        )
        to = references_in_attempt[0] if references_in_attempt else ""
        work: Work[None] = partial(
            staffing.note_refusal, visitor=visitor, now=now, attempt=attempt, reason=reason, reference=to
        )
        await self.note_seldom(visitor.actor, work)

    async def note_seldom(self, whose: str, work: Work[None]) -> None:
        """Note what a stranger can bring about as often as they like; `whose` is a place, or somebody of staff."""
        if self._noted.ask(whose, loop_time()).is_allowed:
            await self._site.write(work)

    async def _note_too_big(self, request: web.Request) -> Guest | None:
        guest, now = await self.guest(request), self._site.now()
        actor = guest.visitor.actor if guest else "nobody"
        whose = actor if guest else client_network(request)
        await self.note_seldom(whose, lambda c: staffing.too_big(c, request.path, actor, now))
        return guest

    async def note(self, guest: Guest, kind: EventKind, details: Mapping[str, Any]) -> None:
        """Note what somebody did that is about no single contact."""
        event = self.event(guest, kind, details)
        await self._site.write(lambda c: contacts.note(c, [event]))

    def event(self, guest: Guest, kind: EventKind, details: Mapping[str, Any]) -> Event:
        """The event of it, to be noted together with what was done."""
        return Event(None, self._site.now(), kind, guest.visitor.actor, details)

    def csrf_of(self, session: str) -> str:
        """The token of the forms of this session."""
        return self._token(Use.CONSOLE_FORMS, session)

    def token_of_door(self, secret: str) -> str:
        """The token of the form to sign in with; the cookie that it belongs to is chosen by whoever sends it."""
        return self._token(Use.SIGN_IN_FORM, secret)

    def _token(self, use: Use, secret: str) -> str:
        return hmac.new(subkey(self._site.book.secret, use), secret.encode(), hashlib.sha256).hexdigest()

    async def is_own_form(self, request: web.Request, csrf: str) -> bool:
        """Whether a form was posted from one of our pages, with this token."""
        if not comes_from_us(request, self._site.public_url):
            return False
        fields = await fields_of(request)
        return hmac.compare_digest(fields.get("csrf", "").encode("utf-8", "replace"), csrf.encode())

    async def _shown_in(self, request: web.Request) -> web.StreamResponse:
        if request.method in ("GET", "HEAD"):
            target = request.path_qs if request.path != ROOT else ""
            onwards = f"?next={quote(target, safe='')}" if target else ""
            raise web.HTTPSeeOther(f"{ROOT}/sign-in{onwards}")
        return await _stale(request, None)


def comes_from_us(request: web.Request, public_url: str) -> bool:
    """Whether a browser says that the form stood on a page of ours; one that says nothing has the token alone."""
    fetch_site = request.headers.get("Sec-Fetch-Site")
    if fetch_site is not None:
        return fetch_site in _OWN_SITES
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    return urlsplit(origin).netloc in (request.host, urlsplit(public_url).netloc) and origin != "null"


def is_at_home(request: web.Request) -> bool:
    """Whether a browser on this machine asks without a proxy between, so that a cookie need not be for TLS alone."""
    host = request.host.rpartition(":")[0] if not request.host.endswith("]") else request.host
    return (host or request.host) in _LOOPBACK and "X-Forwarded-Proto" not in request.headers


def cookie_name(request: web.Request) -> str:
    """`__Host-` makes browsers refuse one that another host of the domain has set."""
    return "ackbot" if is_at_home(request) else "__Host-ackbot"


def set_cookie(
    request: web.Request, response: web.StreamResponse, name: str, value: str, *, lasts: timedelta | None = None
) -> None:
    """A cookie that no script reads, that goes when the browser is closed or after the time that it `lasts`."""
    max_age, secure = int(lasts.total_seconds()) if lasts else None, not is_at_home(request)
    response.set_cookie(name, value, max_age=max_age, path="/", httponly=True, samesite="Lax", secure=secure)


def drop_cookie(request: web.Request, response: web.StreamResponse, name: str) -> None:
    """Take a cookie away."""
    response.del_cookie(name, path="/", httponly=True, samesite="Lax", secure=not is_at_home(request))


def new_secret() -> str:
    """Something that nobody can guess."""
    return secrets.token_urlsafe(32)


def is_secret(text: str) -> bool:
    """Whether it has the form of one."""
    return _SECRET.fullmatch(text) is not None


def own_path(target: str) -> str:
    """Where to go after signing in: a page of the console, and nowhere else."""
    is_ours = _OWN_PATH.fullmatch(target.partition("?")[0]) is not None and "\\" not in target
    return target if is_ours and target.isprintable() and target.isascii() else f"{ROOT}/queue"


def next_path(path: str) -> str:
    """Where to go after signing in again, from a form that was posted there: the page on which it stands."""
    match = _SHOWN_AGAIN.match(path)
    return match[0] if match else f"{ROOT}/queue"


def render(
    request: web.Request, guest: Guest | None, template: str, context: Mapping[str, Any], status: int = 200
) -> web.Response:
    """A page of the console."""
    account = guest.visitor.account if guest else None
    page_context = {
        "guest": guest,
        "account": account,
        "csrf": guest.csrf if guest else "",
        "path": request.path,
        **context,
    }
    response = aiohttp_jinja2.render_template(f"console/{template}.html", request, page_context, status=status)
    protect(response)
    return response


def refusal(request: web.Request, status: int, heading: str, advice: str, guest: Guest | None) -> web.Response:
    """A page that says what was not done, and what to do now."""
    context = {"heading": heading, "advice": advice, "typed": {}, "next": next_path(request.path)}
    return render(request, guest, "refused", context, status)


async def _stale(request: web.Request, guest: Guest | None) -> web.Response:
    advice = "This form is too old, or you are signed out. Sign in, open the page again, and send it once more."
    return await _shown_again(request, guest, 403, advice)


async def _failed(request: web.Request, incident: str) -> web.Response:
    """What staff read when something broke that nobody foresaw."""
    advice = (
        "This page cannot be shown now. Wait a minute and open it again."
        if request.method in ("GET", "HEAD")
        else "We do not know whether it was done. Go back, open the page again and look, before you do it once more."
    )
    number = f"If it stays so, tell whoever looks after Ackbot this number: {incident}."
    return await _shown_again(request, None, 500, f"{advice} {number}", "Something went wrong here")


async def _shown_again(
    request: web.Request, guest: Guest | None, status: int, advice: str, heading: str = "Nothing was changed"
) -> web.Response:
    """A refusal with whatever was typed, so that nothing is lost."""
    own = request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
    fields = await fields_of(request) if own and request.method == "POST" else {}
    context = {
        "heading": heading,
        "advice": advice,
        "next": next_path(request.path),
        "typed": {name: value for name, value in fields.items() if value and name not in _NEVER_SHOWN},
    }
    return render(request, guest, "refused", context, status)


def protect(response: web.StreamResponse) -> None:
    """What every page of the console carries."""
    response.headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
    # Without any referrer browsers do not say either where a form stood (Origin: null).
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers["X-Robots-Tag"] = "noindex"
