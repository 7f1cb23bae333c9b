"""Every page, and every address that programs call."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import aiohttp_jinja2
import jinja2
from aiohttp import web

from bot.core.nations import OMBUDSMEN
from bot.present import Present
from bot.render.catalogues import Catalogues
from bot.web.api import problems
from bot.web.api.handlers import Api
from bot.web.client import TRUSTED_PROXIES
from bot.web.console import routes
from bot.web.public import errors
from bot.web.public.alert_link import Alerts
from bot.web.public.form import FrontDoor
from bot.web.public.health import Health
from bot.web.public.hooks import Hooks
from bot.web.public.languages import Languages, PublicPage
from bot.web.public.opinion import OpinionPage
from bot.web.public.performance import Performance
from bot.web.public.sent_mail import SentMail
from bot.web.public.standards import Standards
from bot.web.public.statements import Statements
from bot.web.public.track import Track
from bot.web.public.track_gate import Gate
from bot.web.public.track_lookup import TrackLookup
from bot.web.public.track_needs import TrackNeeds
from bot.web.public.you_said import YouSaid
from bot.web.site import Site

_ASSETS = {
    "pages/style.css": "text/css",
    "pages/icon.svg": "image/svg+xml",
    "console/console.css": "text/css",
    "console/console.js": "text/javascript",
    "reports/report.css": "text/css",
}
_FOR_EVER = "public, max-age=31536000, immutable"


def pages(site: Site) -> web.Application:
    """The application of pages; raises jinja2.TemplateNotFound when stylesheet or icon are missing."""
    languages = _languages(site)
    app = web.Application(middlewares=[languages.set_language, errors.as_pages, problems.as_problems])
    app[TRUSTED_PROXIES] = site.settings.web.trusted_proxies
    loader = jinja2.FileSystemLoader(site.settings.template_directories, encoding="utf-8-sig")
    templates = _set_up_pages(app, site, loader, languages)
    templates.globals["assets"] = {
        Path(name).name: _add_asset(app, name, loader.get_source(templates, name)[0].encode()) for name in _ASSETS
    }
    health = Health(site.problems, site.coverage, site.metrics)
    for room in (health, Alerts(site), Hooks(site), Api(site)):
        app.add_routes(room.routes())
    app.add_routes(routes.routes(site))
    for data in (Standards(site), YouSaid(site), Performance(site)):
        app.add_routes(data.data_routes())
    for page in _public_pages(site):
        languages.add(app, page.routes())
    if site.sent_mail is not None:
        app.add_routes(SentMail(site.sent_mail).routes())
    return app


def _languages(site: Site) -> Languages:
    organisation = site.settings.organisation
    catalogues = Catalogues(site.settings.template_directories)
    return Languages(organisation.languages, catalogues, only_checked=organisation.only_checked_translations)


def _public_pages(site: Site) -> Iterator[PublicPage]:
    """What there is in every language."""
    yield Standards(site)
    yield Statements(site)
    gate = Gate(site)
    yield Track(site, gate)
    yield TrackNeeds(site, gate)
    yield OpinionPage(site, gate)
    yield TrackLookup(site)
    yield YouSaid(site)
    yield Performance(site)
    if (form := site.front_form) is not None:
        yield FrontDoor(site, form)


def _set_up_pages(
    app: web.Application, site: Site, loader: jinja2.BaseLoader, languages: Languages
) -> jinja2.Environment:
    pages = aiohttp_jinja2.setup(
        app,
        loader=loader,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    languages.prepare(app, pages)
    pages.filters["dial"] = _dial
    organisation = site.settings.organisation
    pages.globals.update(
        organisation_name=organisation.name,
        phone=organisation.phone,
        phone_link=_dial(organisation.phone),
        website=organisation.website,
        privacy_url=organisation.privacy_url,
        complaints_url=organisation.complaints_url,
        bsl_url=organisation.bsl_url,
        opening_hours=organisation.opening_hours,
        ombudsman=OMBUDSMEN[organisation.nation],
        notice=_notice(site.present),
        has_improvements=lambda: site.book.outgoing.board.notices.has_improvements,
        has_reports=lambda: site.book.outgoing.board.notices.has_reports,
    )
    return pages


def _dial(number: str) -> str:
    """A telephone number as links have it (RFC 3966)."""
    return re.sub(r"[^0-9+]", "", number)


def _notice(present: Present) -> str | None:
    """What a rehearsal says on every page."""
    if not present.rehearsal:
        return None
    return f"This is a rehearsal. It began on {present.now():%d %B %Y} and runs {present.speed:g} times as fast."


def _add_asset(app: web.Application, name: str, content: bytes) -> str:
    """Serve one file under an address that changes with its content; returns that address."""
    address = f"/assets/{hashlib.sha256(content).hexdigest()[:12]}/{Path(name).name}"

    async def serve(_request: web.Request) -> web.Response:
        headers = {"Cache-Control": _FOR_EVER}
        return web.Response(body=content, content_type=_ASSETS[name], charset="utf-8", headers=headers)

    app.router.add_get(address, serve)
    return address
