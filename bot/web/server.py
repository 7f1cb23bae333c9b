"""The web application: pages for people, health for machines, put together from the parts it is given."""

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp_jinja2
import jinja2
from aiohttp import web

from bot.channel import Coverage, Form, Hook
from bot.web import security
from bot.web.api import problems
from bot.web.api.handlers import Api
from bot.web.console import routes
from bot.web.public import errors
from bot.web.public.alert_link import Alerts
from bot.web.public.form import MOST_BYTES, Filed, FrontDoor, Questions, Submit
from bot.web.public.health import Health
from bot.web.public.hooks import Hooks, Log
from bot.web.public.sent_mail import SentMail
from bot.web.public.standards import Rows, Standards
from bot.web.site import Site

__all__ = ["Filed", "Parts", "Questions", "application", "runner"]

_ASSETS = {
    "pages/style.css": "text/css",
    "pages/icon.svg": "image/svg+xml",
    "console/console.css": "text/css",
    "console/console.js": "text/javascript",
}
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Parts:
    """What the pages need.

    `standards` gives the rows of the page of standards, `alerts` the pages behind the links of alerts. `form` is None
    when no form channel is configured, `questions` is what it asks besides; `hooks` are the channels that platforms
    call, and `log` logs what they bring; `notice` is shown on every page; `sent_mail` is a directory of .eml files to
    show on this computer (demo only); `templates` are directories that hold `pages/`, the first that has a file wins.
    `office` is what the console and the API work with.
    """

    organisation_name: str
    phone: str
    website: str
    form: Form | None
    questions: Questions
    submit: Submit
    hooks: Sequence[Hook]
    log: Log
    problems: Callable[[], Awaitable[list[str]]]
    coverage: Callable[[], Mapping[str, Coverage]]
    metrics: Callable[[], Awaitable[bytes]]
    notice: str | None
    standards: Rows
    alerts: Alerts
    sent_mail: Path | None
    templates: Sequence[Path]
    site: Site | None = None


def application(parts: Parts) -> web.Application:
    """The application, ready to be run; raises jinja2.TemplateNotFound when stylesheet or icon are missing."""
    app = web.Application(client_max_size=MOST_BYTES, middlewares=[errors.as_pages, problems.as_problems])
    app.on_response_prepare.append(security.add_headers)
    loader = jinja2.FileSystemLoader([str(directory) for directory in parts.templates])
    pages = _set_up_pages(app, parts, loader)
    pages.globals["assets"] = {
        Path(name).name: _add_asset(app, name, loader.get_source(pages, name)[0].encode()) for name in _ASSETS
    }
    app.add_routes(Standards(parts.standards).routes())
    app.add_routes(Health(parts.problems, parts.coverage, parts.metrics).routes())
    if parts.form is not None:
        app.add_routes(FrontDoor(parts.form, parts.submit, parts.questions).routes())
    app.add_routes(parts.alerts.routes())
    app.add_routes(Hooks(parts.hooks, parts.log).routes())
    if parts.site is not None:
        app.add_routes(Api(parts.site, parts.organisation_name).routes())
        app.add_routes(routes.routes(parts.site))
    if parts.sent_mail is not None:
        app.add_routes(SentMail(parts.sent_mail).routes())
    return app


def runner(app: web.Application, *, shutdown_seconds: float = 3) -> web.AppRunner:
    """Runs the application without an access log: addresses and what people ask for are theirs.

    When it stops, requests under way have `shutdown_seconds` to come to their end.
    """
    return web.AppRunner(app, access_log=None, logger=security.protocol_log(), shutdown_timeout=shutdown_seconds)


def _set_up_pages(app: web.Application, parts: Parts, loader: jinja2.BaseLoader) -> jinja2.Environment:
    pages = aiohttp_jinja2.setup(
        app,
        loader=loader,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.globals.update(
        organisation_name=parts.organisation_name,
        phone=parts.phone,
        phone_link=re.sub(r"[^0-9+]", "", parts.phone),
        website=parts.website,
        notice=parts.notice,
    )
    return pages


def _add_asset(app: web.Application, name: str, content: bytes) -> str:
    """Serve one file under an address that changes with its content; returns that address."""
    address = f"/assets/{hashlib.sha256(content).hexdigest()[:12]}/{Path(name).name}"

    async def serve(_request: web.Request) -> web.Response:
        headers = {"Cache-Control": _FOR_EVER}
        return web.Response(body=content, content_type=_ASSETS[name], charset="utf-8", headers=headers)

    app.router.add_get(address, serve)
    return address
