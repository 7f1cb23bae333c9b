"""Public pages in every language that the organisation offers: its own at `/standards`, Welsh at `/cy/standards`.

`add` registers pages in all of them; whoever writes a page needs no more than this:

- the template writes `{{ _("Send message") }}`, and `{% trans day=due %}By {{ day }}.{% endtrans %}` for a sentence
  with values or marks: whole English sentences, which `pages/locale/LANGUAGE.po` translates. Values stand after a colon
  or alone, as words change with what stands before them. A macro of another file is imported `with context`;
- words that exist in English only, such as the title of a service, stand in `<span{{ in_english }}>`;
- links between pages are `{{ to("/standards") }}` in a template and `to(request, "/standards")` in a handler, and stay
  in the language of the page;
- the handler answers with `render(request, "pages/NAME.html", context)`; `request[LANGUAGE]` is the code of the
  language that the page is written in, for dates and durations in words;
- what the program hands to a template, such as the fault of a field, is `sentence("Write your message")`, and the
  template writes `{{ _(fault) }}`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp_jinja2
import jinja2
from aiohttp import web
from aiohttp.typedefs import Handler
from jinja2.runtime import Context
from markupsafe import Markup

from bot.core.languages import ENGLISH, LANGUAGES, direction, html_tag, preferred
from bot.render.catalogues import Catalogues

# The language that a page is written in, and what the pages of the language that was asked for stand below: "/cy".
LANGUAGE, ROOT = web.RequestKey("LANGUAGE", str), web.RequestKey("ROOT", str)
_LANGUAGES: web.AppKey["Languages"] = web.AppKey("_LANGUAGES")


@dataclass(frozen=True, slots=True)
class Version:
    """The same page in another language: where it is, and how a reader of that language recognises it."""

    code: str
    name: str
    lang: str
    direction: str
    address: str


class PublicPage(Protocol):
    """What has pages for everybody."""

    def routes(self) -> list[web.RouteDef]:
        """Return its addresses, as they are in the organisation's own language."""


def to(request: web.Request, path: str) -> str:
    """Return the address of another page in the language of this one."""
    return f"{request[ROOT]}{path}"


def render(request: web.Request, template: str, context: Mapping[str, Any], *, status: int = 200) -> web.Response:
    """Return a page in the language of the request."""
    layout = request.app[_LANGUAGES].layout(request)
    return aiohttp_jinja2.render_template(template, request, {**layout, **context}, status=status)


class Languages:
    """The languages of the public pages, the organisation's own first; with `only_checked`, those somebody checked."""

    def __init__(self, offered: Sequence[str], catalogues: Catalogues, *, only_checked: bool) -> None:
        self._offered, self._catalogues, self._only_checked = tuple(offered), catalogues, only_checked
        self._code_of: dict[str, str] = {}

    def add(self, app: web.Application, routes: Iterable[web.RouteDef]) -> None:
        """Register pages under their path, and below `/LANGUAGE` in every language but the organisation's own."""
        plain = tuple(routes)
        for code in self._offered:
            root = self._root(code)
            paths = [(route, f"{root}{route.path}") for route in plain]
            paths += [(route, root) for route in plain if route.path == "/" and root]
            for route, path in paths:
                for registration in web.RouteDef(route.method, path, route.handler, route.kwargs).register(app.router):
                    self._code_of[_canonical(registration)] = code

    @web.middleware
    async def set_language(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Set the language of every request; pages of staff, and what programs call, are in English."""
        code, root = self._place(request)
        request[LANGUAGE], request[ROOT] = code if self._is_readable(code) else ENGLISH, root
        return await handler(request)

    def layout(self, request: web.Request) -> dict[str, Any]:
        """Return what the layout of a page needs to know."""
        language, versions = request[LANGUAGE], self._versions(request)
        return {
            "language": language,
            "html_lang": html_tag(language),
            "direction": direction(language),
            "root": request[ROOT],
            "in_english": "" if language == ENGLISH else Markup(' lang="en" dir="ltr"'),
            "is_fallback": self._place(request)[0] != language,
            "versions": versions,
            "suggestion": self._suggestion(request, versions),
        }

    def prepare(self, app: web.Application, pages: jinja2.Environment) -> None:
        """Give the templates their functions; what they write is looked up for the page that is being written."""
        app[_LANGUAGES] = self

        @jinja2.pass_context
        def translate(context: Context, sentence: str, language: str = "") -> str:
            return self._catalogues.translate(sentence, language or context.get("language", ENGLISH))

        @jinja2.pass_context
        def address(context: Context, path: str) -> str:
            return f"{context.get('root', '')}{path}"

        pages.add_extension("jinja2.ext.i18n")
        pages.policies["ext.i18n.trimmed"] = True
        pages.globals.update(gettext=translate, to=address)

    def _root(self, code: str) -> str:
        return "" if code == self._offered[0] else f"/{code}"

    def _place(self, request: web.Request) -> tuple[str, str]:
        """Return the language that was asked for, and what its pages stand below."""
        route = request.match_info.route
        code = self._code_of.get(_canonical(route))
        if code is None and route.resource is not None:
            return ENGLISH, ""
        if code is None:
            first = request.path.lstrip("/").partition("/")[0]
            code = first if first in self._offered else self._offered[0]
        return code, self._root(code)

    def _is_readable(self, code: str) -> bool:
        if code == ENGLISH or not self._only_checked:
            return self._catalogues.exists(code)
        return bool(self._catalogues.check(code).by)

    def _versions(self, request: web.Request) -> tuple[Version, ...]:
        """The page in every language, this one among them; of what is no page of ours there is none."""
        own_code = self._code_of.get(_canonical(request.match_info.route))
        if own_code is None:
            return ()
        # What was posted cannot be had in another language: the page that it was posted from can.
        here = request.rel_url if request.method in ("GET", "HEAD") else request.rel_url.with_query(None)
        path = str(here).removeprefix(self._root(own_code)) or "/"
        codes = [code for code in self._offered if code == own_code or self._is_readable(code)]
        return tuple(
            Version(code, LANGUAGES[code].name, html_tag(code), direction(code), f"{self._root(code)}{path}")
            for code in codes
            if len(codes) > 1
        )

    def _suggestion(self, request: web.Request, versions: Iterable[Version]) -> Version | None:
        """The page in the language that the browser asks for, where the reader has chosen none and posted nothing."""
        if request[ROOT] or request.method == "POST":
            return None
        code = preferred(request.headers.get("Accept-Language", ""), self._offered)
        return next((version for version in versions if version.code == code != request[LANGUAGE]), None)


def _canonical(route: web.AbstractRoute) -> str:
    return route.resource.canonical if route.resource is not None else ""
