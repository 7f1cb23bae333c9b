"""A person at the form on the page."""

import urllib.error
import urllib.parse
import urllib.request
from datetime import timedelta
from typing import Protocol

from selectolax.lexbor import LexborHTMLParser

from bot.present import Present
from bot.web.public import form_page
from tests.components.ports import PATIENCE_SECONDS


class Site(Protocol):
    """A service whose page is open on this machine."""

    web_port: int

    @property
    def environment(self) -> dict[str, str]:
        """What it is started with: ACKBOT_SECRET is among it."""

    def get(self, path: str) -> tuple[int, str]:
        """Status and text of a page."""


def shown_before(token: str, secret: str) -> str:
    """What the page of this token would hold, had it been shown a minute ago: as long as a person writes."""
    return form_page.stamp(token, Present().now() - timedelta(minutes=1), secret.encode())


def send_form(service: Site, message: str, *, email: str = "sam@residents.example") -> tuple[int, str]:
    """Fill in the form as a person does, and send it."""
    form = LexborHTMLParser(service.get("/")[1]).css_first("form")
    assert form is not None
    fields = {str(i.attributes["name"]): i.attributes.get("value") or "" for i in form.css("input[name]")}
    fields |= {"name": "Sam", "email": email, "message": message}
    fields["shown"] = shown_before(fields["token"], service.environment["ACKBOT_SECRET"])
    data = urllib.parse.urlencode(fields).encode()
    action = urllib.parse.urljoin("/", form.attributes.get("action") or "/")
    try:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{service.web_port}{action}", data, timeout=PATIENCE_SECONDS
        ) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
