"""The form that anybody can fill in: shown, checked, taken, and only then answered with a reference."""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aiohttp import web

from bot.channel import Temporary
from bot.core import topics
from bot.core.files import megabytes
from bot.core.languages import LANGUAGES
from bot.core.messages import Inbound
from bot.core.needs import Need, of_column
from bot.field_channels import Form
from bot.flows.rulebook import NO_WAY
from bot.flows.titles import Titles
from bot.web.client import client_network, is_unnamed_proxy
from bot.web.forms import as_text
from bot.web.public import confirmation, form_page, form_steps, uploads
from bot.web.public.confirmation import Confirmation
from bot.web.public.form_steps import Faults
from bot.web.public.languages import LANGUAGE, render
from bot.web.public.uploads import Examiner, Findings, Submission
from bot.web.site import Site, loop_time
from bot.web.throttling import Throttle
from bot.wire.uploads import ACCEPTED

# The empty form holds nothing private. "no-store" would make browsers forget what was typed when a line drops
# and the person goes back; "no-cache" lets them keep the page, its token and the words.
_KEEP_FOR_GOING_BACK = "private, no-cache"
_TRY_AGAIN_SECONDS = "60"
# From one network so many messages within ten minutes have their receipts by themselves. A library, or a provider
# that puts many homes behind one address, may send more: all are logged, and staff let those receipts leave.
_AT_ONCE, _SECONDS = 15, 600
_FROM_ONE_NETWORK = "many messages came from one network within some minutes"


class FrontDoor:
    """The form of `channel`, which stands on the first page."""

    def __init__(self, site: Site, channel: Form) -> None:
        self._site, self._channel = site, channel
        self._networks = Throttle(_AT_ONCE, _SECONDS)
        self._examiner = Examiner.of(site.settings.form)

    def routes(self) -> list[web.RouteDef]:
        """The form and where it is posted to."""
        return [web.get("/", self._show), web.post("/", self._take)]

    async def _show(self, request: web.Request) -> web.Response:
        # A page of the organisation may link to the form of its own service.
        values = dict.fromkeys(form_steps.FIELDS, "") | {"service": as_text(request.query.get("service", ""))}
        response = self._form_page(request, values, form_steps.MESSAGE)
        response.headers["Cache-Control"] = _KEEP_FOR_GOING_BACK
        return response

    async def _take(self, request: web.Request) -> web.Response:
        form = await uploads.read(request, self._examiner.limits)
        values = form_steps.values_of(form)
        draft = self._channel.read(values)
        faults = () if isinstance(draft, Inbound) else draft.faults
        if not form_steps.is_final(values):
            return self._turn(request, values, faults, lost_files=form.has_files)
        if faults:
            step = form_steps.first_with(faults, values)
            return self._form_page(request, values, step, faults=faults, lost_files=form.has_files)
        try:
            with self._examiner.room_for(form):
                return await self._examine_and_send(request, form, values)
        except Temporary:
            step = form_steps.first_with((), values)
            response = self._form_page(request, values, step, not_taken=True, lost_files=form.has_files)
            response.headers["Retry-After"] = _TRY_AGAIN_SECONDS
            return response

    async def _examine_and_send(
        self, request: web.Request, form: Submission, values: Mapping[str, str]
    ) -> web.Response:
        findings = await self._examiner.examine(form)
        if refusals := findings.refusals:
            faults = (("files", refusals[0].words),)
            step = form_steps.first_with(faults, values)
            return self._form_page(request, values, step, faults=faults, lost_files=True)
        return await self._send(request, values, findings)

    def _turn(
        self, request: web.Request, values: Mapping[str, str], faults: Faults, *, lost_files: bool
    ) -> web.Response:
        """The page that the person goes to: back at any time, on once the questions of this one are answered."""
        step = form_steps.step_of(values)
        here = form_steps.faults_at(step, faults)
        if values["go"] == form_steps.GO_ON and here:
            return self._form_page(request, values, step, faults=here)
        return self._form_page(request, values, form_steps.target(values), lost_files=lost_files)

    async def _send(self, request: web.Request, values: Mapping[str, str], findings: Findings) -> web.Response:
        # Files of 25 MB take a second to be put into one message.
        message = await asyncio.to_thread(self._channel.read, values, findings.files)
        if not isinstance(message, Inbound):
            raise TypeError("a message became faulty by its files")
        message = self._guarded(request, values, message, findings)
        filing = await self._site.log_message(message)
        language, reference = request[LANGUAGE], filing.reference or ""
        now, book = self._site.now(), self._site.book
        words = await self._site.read(lambda c: confirmation.read(c, reference, book, now, language))
        return confirmation.page(request, _known(words, message.channel), message, findings)

    def _form_page(
        self,
        request: web.Request,
        values: Mapping[str, str],
        step: str,
        *,
        faults: Faults = (),
        not_taken: bool = False,
        lost_files: bool = False,
    ) -> web.Response:
        # The token stays as long as the page is about the same message: sent twice, it is one contact.
        token = values["token"] or secrets.token_urlsafe(16)
        shown_at = values["shown"] or form_page.stamp(token, self._site.wall(), self._site.book.secret)
        context = {
            "typed": {**values, "token": token, "shown": shown_at},
            "step": step,
            "hidden": tuple(form_steps.others(step)),
            "faults": dict(faults),
            "not_taken": not_taken,
            "is_posted": request.method == "POST",
            "lost_files": lost_files,
            **self._questions(request, values, step),
        }
        status = 503 if not_taken else 422 if faults else 200
        return render(request, "pages/form.html", context, status=status)

    def _questions(self, request: web.Request, values: Mapping[str, str], step: str) -> dict[str, Any]:
        """What the form asks besides the message, as far as it is configured, and what is known of the answers."""
        router = self._site.book.intake.router
        offered = self._site.settings.organisation.languages
        limits = self._examiner.limits
        return {
            "services": sorted(router.services.values(), key=lambda service: service.title.casefold()),
            "service": router.services.get(values["service"]),
            "asks_postcode": router.asks_postcodes,
            "area": self._area(values) if step == form_steps.CHECK else "",
            "sends_texts": self._channel.sends_texts,
            "languages": [LANGUAGES[code] for code in offered] if len(offered) > 1 else [],
            "wish": values["language"] or (request[LANGUAGE] if request[LANGUAGE] != offered[0] else ""),
            "needs": of_column(values["needs"]),
            "all_needs": tuple(Need),
            "limits": limits,
            "file_megabytes": megabytes(limits.file_megabytes * 1024 * 1024),
            "accepted": ACCEPTED,
        }

    def _area(self, values: Mapping[str, str]) -> str:
        """In which area the place is, as the rules of routing find it; "" where they know none."""
        draft, book = self._channel.read(values), self._site.book
        if not isinstance(draft, Inbound):
            return ""
        way = book.ways.get(draft.channel, NO_WAY).for_routing()
        area = book.intake.router.route(topics.query_of(draft, way, "")).area
        return Titles(book).area(area)

    def _guarded(
        self, request: web.Request, values: Mapping[str, str], message: Inbound, findings: Findings
    ) -> Inbound:
        """The message with what its page and its network say: nothing is refused, and staff decide on the receipt."""
        by_program = form_page.is_by_program(values, self._site.wall(), self._site.book.secret)
        may_leave = is_unnamed_proxy(request) or self._networks.ask(client_network(request), loop_time()).is_allowed
        fields = {**message.fields} | ({"files_not_kept": findings.danger_words} if findings.dangers else {})
        return replace(
            message,
            by_program=by_program,
            hold="" if may_leave else _FROM_ONE_NETWORK,
            is_scanned=findings.is_scanned,
            fields=fields,
        )


def _known(words: Confirmation | None, channel: str) -> Confirmation:
    if words is None:
        # Shunted: it is kept and staff are told; the error page asks the person to ring.
        raise LookupError(f"a message on {channel} was shunted")
    return words
