"""The form that anybody can fill in: shown, checked, taken, and only then answered with a reference."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from aiohttp import web
from sqlalchemy import Connection

from bot.channel import Form, Temporary
from bot.core.contacts import Contact
from bot.core.messages import Inbound
from bot.flows import promise_words
from bot.flows.rulebook import IntakeRules, Rulebook
from bot.store import contacts, holds
from bot.web.client import client_network, is_unnamed_proxy
from bot.web.forms import as_text, pairs_of
from bot.web.public import form_page
from bot.web.public.languages import render
from bot.web.site import Site, loop_time
from bot.web.throttling import Throttle

# Room for 10,000 characters of four bytes, each sent as %XX, and for a much too long message to be shown again.
MOST_BYTES = 512 * 1024
_FIELDS = ("token", "shown", form_page.TRAP, "name", "email", "phone", "message", "service", "postcode")
# The empty form holds nothing private. "no-store" would make browsers forget what was typed when a line drops
# and the person goes back; "no-cache" lets them keep the page, its token and the words.
_KEEP_FOR_GOING_BACK = "private, no-cache"
_TRY_AGAIN_SECONDS = "60"
# From one network so many messages within ten minutes have their receipts by themselves. A library, or a provider
# that puts many homes behind one address, may send more: all are logged, and staff let those receipts leave.
_AT_ONCE, _SECONDS = 15, 600
_FROM_ONE_NETWORK = "many messages came from one network within some minutes"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What is known of a contact once it is committed.

    `respond_by` is the date in words, "Monday 7 December 2026"; `promise` its length in words, "10 working days";
    `email` says when one comes: `now`, `later` when staff let it leave, `perhaps` where they decide, "" for never.
    `urgent` is what to do at once, where somebody may be in danger.
    """

    reference: str
    respond_by: str
    promise: str
    email: Literal["now", "later", "perhaps", ""]
    urgent: str = ""


class FrontDoor:
    """The form of `channel`, which stands on the first page."""

    def __init__(self, site: Site, channel: Form) -> None:
        self._site, self._channel = site, channel
        self._networks = Throttle(_AT_ONCE, _SECONDS)

    def routes(self) -> list[web.RouteDef]:
        """The form and where it is posted to."""
        return [web.get("/", self._show), web.post("/", self._take)]

    async def _show(self, request: web.Request) -> web.Response:
        # A page of the organisation may link to the form of its own service.
        values = dict.fromkeys(_FIELDS, "") | {"service": as_text(request.query.get("service", ""))}
        response = self._form_page(request, values)
        response.headers["Cache-Control"] = _KEEP_FOR_GOING_BACK
        return response

    async def _take(self, request: web.Request) -> web.Response:
        values = await _known_fields(request)
        inbound = self._channel.read(values)
        if not isinstance(inbound, Inbound):
            return self._form_page(request, values, faults=inbound.faults, status=422)
        try:
            confirmation = await self._submit(self._guarded(request, values, inbound))
        except Temporary:
            response = self._form_page(request, values, not_taken=True, status=503)
            response.headers["Retry-After"] = _TRY_AGAIN_SECONDS
            return response
        return _received_page(request, confirmation, inbound)

    def _form_page(
        self,
        request: web.Request,
        values: Mapping[str, str],
        *,
        faults: tuple[tuple[str, str], ...] = (),
        not_taken: bool = False,
        status: int = 200,
    ) -> web.Response:
        # The token stays as long as the page is about the same message: sent twice, it is one contact.
        token = values["token"] or secrets.token_urlsafe(16)
        shown_at = values["shown"] or form_page.stamp(token, self._site.wall(), self._site.book.secret)
        context = {
            "typed": {**values, "token": token, "shown": shown_at},
            "faults": dict(faults),
            "not_taken": not_taken,
            **_questions(self._site.book.intake),
        }
        return render(request, "pages/form.html", context, status=status)

    def _guarded(self, request: web.Request, values: Mapping[str, str], message: Inbound) -> Inbound:
        """The message with what its page and its network say: nothing is refused, and staff decide on the receipt."""
        by_program = form_page.is_by_program(values, self._site.wall(), self._site.book.secret)
        may_leave = is_unnamed_proxy(request) or self._networks.ask(client_network(request), loop_time()).is_allowed
        return replace(message, by_program=by_program, hold="" if may_leave else _FROM_ONE_NETWORK)

    async def _submit(self, message: Inbound) -> Confirmation:
        filing = await self._site.log_message(message)
        return await self._site.read(lambda c: self._confirmation(c, filing.reference, message))

    def _confirmation(self, connection: Connection, reference: str | None, message: Inbound) -> Confirmation:
        contact = contacts.find(connection, reference or "")
        if contact is None:
            # Shunted: it is kept and staff are told; the error page asks the person to ring.
            raise LookupError(f"a message on {message.channel} was shunted")
        is_held = bool(holds.among(connection, [contact.id]))
        return _confirmation(contact, self._site.book, is_held=is_held)


def _questions(rules: IntakeRules) -> dict[str, Any]:
    """What the form asks besides: which of the services (name, title) it is about, and the postcode."""
    services = sorted(rules.router.services.values(), key=lambda service: service.title.casefold())
    return {
        "services": tuple((service.name, service.title) for service in services),
        "asks_postcode": rules.router.asks_postcodes,
    }


def _confirmation(contact: Contact, book: Rulebook, *, is_held: bool) -> Confirmation:
    """What the page tells the person; without an address to answer to nothing was promised."""
    return Confirmation(
        reference=contact.reference,
        respond_by=book.clocks.respond_by(contact),
        promise=promise_words.plain_promise(contact, book.clocks),
        urgent=urgency.advice if (urgency := book.intake.urgency(contact)) else "",
        email=_email(contact, is_held=is_held),
    )


def _email(contact: Contact, *, is_held: bool) -> Literal["now", "later", "perhaps", ""]:
    if "@" not in (contact.sender_address or "") or contact.outcome not in ("acknowledge", "ask"):
        return ""
    if contact.outcome == "ask":
        return "perhaps"
    return "later" if is_held else "now"


def _received_page(request: web.Request, confirmation: Confirmation, inbound: Inbound) -> web.Response:
    context = {
        "filed": confirmation,
        "spelled": " ".join(c for c in confirmation.reference if c.isalnum()),
        "email": inbound.fields.get("email", ""),
    }
    return render(request, "pages/received.html", context)


async def _known_fields(request: web.Request) -> dict[str, str]:
    """The known fields as text, "" where absent; files are left out. Raises 400, 413 or 415."""
    pairs = dict(reversed(await pairs_of(request)))  # of a name that comes twice the first counts
    return {name: pairs.get(name, "") for name in _FIELDS}
