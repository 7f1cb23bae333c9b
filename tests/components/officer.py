"""Somebody of staff at a browser without scripts: signs in, follows links, fills in forms."""

import http.cookiejar
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from tests.components.ports import PATIENCE_SECONDS

PASSWORD = "a long enough password"
Fields = dict[str, str] | list[tuple[str, str]]


@dataclass(frozen=True)
class Page:
    """A page as it came."""

    status: int
    url: str
    headers: dict[str, str]
    text: str

    @property
    def tree(self) -> LexborHTMLParser:
        """The page, parsed."""
        return LexborHTMLParser(self.text)

    def all(self, selector: str) -> list[LexborNode]:
        """Every element that the CSS selector finds."""
        return self.tree.css(selector)

    def words(self) -> str:
        """What a reader sees, in one line."""
        body = self.tree.body
        return " ".join(body.text(separator=" ").split()) if body else ""

    def hidden(self) -> dict[str, str]:
        """The hidden fields of the last form that has any but the one to sign out."""
        fields: dict[str, str] = {}
        for form in self.all("form"):
            if form.attributes.get("action") != "/console/sign-out":
                for field in form.css("input[type=hidden]"):
                    fields.setdefault(str(field.attributes["name"]), field.attributes.get("value") or "")
        return fields


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


class Officer:
    """A browser with cookies on one service."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.jar = http.cookiejar.CookieJar()
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        self._once = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar), _NoRedirect())

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        *,
        follow: bool = True,
    ) -> Page:
        """One call, with redirects followed unless said otherwise."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data=body, method=method, headers=headers or {}
        )
        try:
            answer = (self._open if follow else self._once).open(request, timeout=PATIENCE_SECONDS)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            text = answer.read().decode("utf-8", "replace")
            return Page(answer.status or 0, answer.url, {k.lower(): v for k, v in answer.headers.items()}, text)

    def get(self, path: str, *, follow: bool = True) -> Page:
        """Open a page."""
        return self.ask("GET", path, follow=follow)

    def post(self, path: str, fields: Fields, headers: dict[str, str] | None = None, *, follow: bool = True) -> Page:
        """Post a form."""
        body = urllib.parse.urlencode(fields).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", path, body, kind | (headers or {}), follow=follow)

    def sign_in(self, address: str, password: str = PASSWORD) -> Page:
        """Sign in by the form."""
        page = self.get("/console/sign-in")
        return self.post("/console/sign-in", {**page.hidden(), "address": address, "password": password})

    def act(self, reference: str, action: str, page: Page | None = None, **fields: str) -> Page:
        """Do something to a contact, from its page (as it was looked at, or anew); what it would send is sent."""
        answer = self.ask_for(reference, action, page, **fields)
        if not answer.all("form#before"):
            return answer
        return self.post(f"/console/contacts/{reference}", {**answer.hidden(), "action": action})

    def ask_for(self, reference: str, action: str, page: Page | None = None, **fields: str) -> Page:
        """Do the same where nothing is sent; else come to the page that shows what would be."""
        shown = page or self.get(f"/console/contacts/{reference}")
        return self.post(f"/console/contacts/{reference}", {**shown.hidden(), "action": action, **fields})
