"""After the password: the code of an app, or setting one up where everybody must have one."""

import asyncio

from aiohttp import web

from bot.flows import credentials
from bot.flows.credentials import Factor
from bot.web.console.admission import Admission, Step
from bot.web.console.attempts import Attempts
from bot.web.console.doorkeeper import ROOT, Doorkeeper, own_path
from bot.web.forms import fields_of
from bot.web.site import Site
from bot.wire import codes

WRONG_CODE = "This code is not right, or was used before. Wait for the next one, and enter that"
_TOO_OLD = "That took too long. Sign in again"


class SecondStep:
    """Two pages, for whoever has just shown a password or a link."""

    def __init__(self, site: Site, door: Doorkeeper, admission: Admission, attempts: Attempts) -> None:
        self._site, self._door, self._admission, self._attempts = site, door, admission, attempts

    def routes(self) -> list[web.RouteDef]:
        """The code, and setting up an app."""
        open_to_all = self._door.open_to_all
        return [
            web.get(f"{ROOT}/sign-in/code", open_to_all(self._ask)),
            web.post(f"{ROOT}/sign-in/code", open_to_all(self._take)),
            web.get(f"{ROOT}/sign-in/set-up", open_to_all(self._show)),
            web.post(f"{ROOT}/sign-in/set-up", open_to_all(self._set_up)),
        ]

    async def _ask(self, request: web.Request) -> web.Response:
        if await self._admission.step_of(request) is None:
            raise web.HTTPSeeOther(f"{ROOT}/sign-in")
        return self._code_page(request)

    def _code_page(self, request: web.Request, *, fault: str = "", status: int = 200) -> web.Response:
        context = {"fault": fault, "next": own_path(request.query.get("next", ""))}
        return self._admission.page(request, "second_step", context, status)

    async def _take(self, request: web.Request) -> web.Response:
        fields, step = await fields_of(request), await self._step(request)
        if step is None:
            return self._code_page(request, fault=_TOO_OLD, status=403)
        outcome = await self._attempts.code(request, step.account, fields.get("code", "")[:100])
        if outcome.wait_seconds:
            await self._admission.note_refusal(request, step.account.address, "too many codes")
            response = self._code_page(request, fault=outcome.refusal(known_device=True), status=429)
            response.headers["Retry-After"] = str(outcome.wait_seconds)
            return response
        if not outcome.is_right:
            await self._admission.note_wrong(step.account, "wrong code")
            return self._code_page(request, fault=WRONG_CODE, status=403)
        onwards = own_path(fields.get("next", ""))
        return await self._admission.let_in(request, step.account, f"{step.how} and code", onwards)

    async def _show(self, request: web.Request) -> web.Response:
        step = await self._admission.step_of(request)
        if step is None or step.account.second_factor:
            raise web.HTTPSeeOther(f"{ROOT}/sign-in")
        return await self._set_up_page(request, step, codes.new_secret())

    async def _set_up_page(
        self, request: web.Request, step: Step, secret: str, *, fault: str = "", status: int = 200
    ) -> web.Response:
        context = {
            "fault": fault,
            "next": own_path(request.query.get("next", "")),
            "secret": secret,
            "picture": await picture_of(self._site, step.account.address, secret),
        }
        return self._admission.page(request, "set_up", context, status)

    async def _set_up(self, request: web.Request) -> web.Response:
        fields, step = await fields_of(request), await self._step(request)
        if step is None or step.account.second_factor:
            return self._code_page(request, fault=_TOO_OLD, status=403)
        recovery_codes = codes.new_recovery_codes()
        secret, now = fields.get("secret", ""), self._site.now()
        factor = await factor_of(self._site, secret, fields.get("code", ""), recovery_codes)
        if factor is None:
            secret = secret if codes.is_secret(secret) else codes.new_secret()
            return await self._set_up_page(request, step, secret, fault=WRONG_CODE, status=403)
        await self._site.write(lambda c: credentials.set_up(c, step.account.address, factor, now))
        context = {"codes": recovery_codes, "next": own_path(fields.get("next", ""))}
        response = self._admission.page(request, "recovery_codes", context)
        await self._admission.begin_session(request, response, step.account, f"{step.how} and code")
        return response

    async def _step(self, request: web.Request) -> Step | None:
        """Who posts a form of ours in time."""
        return await self._admission.step_of(request) if await self._admission.is_own_form(request) else None


async def picture_of(site: Site, address: str, secret: str) -> str:
    """The code that the camera of a telephone reads, as an image to be written into the page."""
    return await asyncio.to_thread(codes.picture, secret, address, site.settings.organisation.name)


async def factor_of(site: Site, secret: str, code: str, recovery_codes: list[str]) -> Factor | None:
    """The second factor to be stored, None where the code is not that of this secret."""
    key, wall = site.book.secret, site.wall()
    return await asyncio.to_thread(credentials.factor_of, secret, code[:100], recovery_codes, key, wall)
