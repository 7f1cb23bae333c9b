"""The form that anybody can fill in: shown, checked, taken, and only then answered with a reference."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import aiohttp_jinja2
from aiohttp import web

from bot.channel import Form, Temporary
from bot.core.messages import Inbound
from bot.web.forms import as_text, pairs_of

# Room for 10,000 characters of four bytes, each sent as %XX, and for a much too long message to be shown again.
MOST_BYTES = 512 * 1024
_FIELDS = ("token", "name", "email", "phone", "message", "service", "postcode")
# The empty form holds nothing private. "no-store" would make browsers forget what was typed when a line drops
# and the person goes back; "no-cache" lets them keep the page, its token and the words.
_KEEP_FOR_GOING_BACK = "private, no-cache"
_TRY_AGAIN_SECONDS = "60"


@dataclass(frozen=True, slots=True)
class Filed:
    """What is known of a contact once it is committed.

    `respond_by` is the date in words, "Monday 7 December 2026"; `promise` its length in words, "10 working days";
    `acknowledged_by_email` says that a receipt is queued. `urgent` is what to do at once, where somebody may be in
    danger.
    """

    reference: str
    respond_by: str
    promise: str
    acknowledged_by_email: bool
    urgent: str = ""


@dataclass(frozen=True, slots=True)
class Questions:
    """What the form asks besides: which of the `services` (name, title) it is about, and the postcode."""

    services: tuple[tuple[str, str], ...] = ()
    postcode: bool = False


Submit = Callable[[Inbound], Awaitable[Filed]]


class FrontDoor:
    """`form` reads the fields; `submit` logs the message and returns only after the commit, or raises `Temporary`."""

    def __init__(self, form: Form, submit: Submit, questions: Questions) -> None:
        self._form, self._submit = form, submit
        self._more = {"services": questions.services, "asks_postcode": questions.postcode}

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
        values = await _posted(request)
        inbound = self._form.read(values)
        if not isinstance(inbound, Inbound):
            return self._form_page(request, values, faults=inbound.faults, status=422)
        try:
            result = await self._submit(inbound)
        except Temporary:
            response = self._form_page(request, values, not_taken=True, status=503)
            response.headers["Retry-After"] = _TRY_AGAIN_SECONDS
            return response
        return _received_page(request, result, inbound)

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
        context = {
            "typed": {**values, "token": values["token"] or secrets.token_urlsafe(16)},
            "faults": dict(faults),
            "not_taken": not_taken,
            **self._more,
        }
        return aiohttp_jinja2.render_template("pages/form.html", request, context, status=status)


def _received_page(request: web.Request, result: Filed, inbound: Inbound) -> web.Response:
    context = {
        "filed": result,
        "spelled": " ".join(c for c in result.reference if c.isalnum()),
        "email": inbound.sender.address if inbound.sender else "",
    }
    return aiohttp_jinja2.render_template("pages/received.html", request, context)


async def _posted(request: web.Request) -> dict[str, str]:
    """The known fields as text, "" where absent; files are left out. Raises 400, 413 or 415."""
    pairs = dict(reversed(await pairs_of(request)))  # of a name that comes twice the first counts
    return {name: pairs.get(name, "") for name in _FIELDS}
