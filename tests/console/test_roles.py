"""Every route and method against every role and nobody: what is expected, and what is seen."""

from types import SimpleNamespace
from typing import cast

import pytest

from bot.web import console
from bot.web.office import Office
from tests.components.officer import Officer, Page
from tests.console.conftest import House

ROLES = ("nobody", "reader", "officer", "lead", "administrator")
# What each role gets, in the order of ROLES: in = a page or its own refusal, out = 403, door = led to the sign-in.
ALL_IN = ("door", "in", "in", "in", "in")
ACTING = ("door", "out", "in", "in", "in")
LEADING = ("door", "out", "out", "in", "in")
RULING = ("door", "out", "out", "out", "in")
OPEN = ("in", "in", "in", "in", "in")
EXPECTED = {
    "GET /console": ALL_IN,
    "GET /console/sign-in": OPEN,
    "POST /console/sign-in": ("out", "out", "out", "out", "out"),  # without its form's token
    "POST /console/sign-out": ("in", "out", "out", "out", "out"),  # without its form's token, too
    "GET /console/queue": ALL_IN,
    "GET /console/queue.csv": ALL_IN,
    "POST /console/queue": LEADING,
    "POST /console/views": ALL_IN,
    "GET /console/contacts/{reference}": ALL_IN,
    "POST /console/contacts/{reference}": ACTING,
    "GET /console/contacts/{reference}/messages/{number}": ALL_IN,
    "GET /console/contacts/{reference}/messages/{number}/words": ALL_IN,
    "GET /console/contacts/{reference}/messages/{number}/raw": ALL_IN,
    "GET /console/contacts/{reference}/events/{number}": ALL_IN,
    "GET /console/contacts/{reference}/sent/{number}": ALL_IN,
    "GET /console/record": ACTING,
    "POST /console/record": ACTING,
    "GET /console/backlog": ALL_IN,
    "POST /console/backlog": LEADING,
    "GET /console/coverage": ALL_IN,
    "GET /console/alerts": ALL_IN,
    "GET /console/templates": ALL_IN,
    "GET /console/templates/{language}/{name}": ALL_IN,
    "GET /console/templates/{language}/{name}/{contact}": ALL_IN,
    "GET /console/standards": ALL_IN,
    "GET /console/shunted": ALL_IN,
    "GET /console/shunted/{number}": LEADING,
    "POST /console/shunted/{number}": LEADING,
    "GET /console/audit": LEADING,
    "GET /console/people": RULING,
    "POST /console/people": RULING,
}
FILLED = {"{number}": "1", "{language}": "en", "{name}": "acknowledgement", "{contact}": "urgent"}


def test_the_table_names_every_route(house: House) -> None:
    """No route is left out of the table."""
    office = cast("Office", SimpleNamespace(sign_in=None, composer=None))  # nothing else is asked of it yet
    routes = console.routes(office)
    assert {f"{route.method} {route.path}" for route in routes} == set(EXPECTED)


@pytest.mark.parametrize("route", EXPECTED)
def test_each_role_may_what_the_table_says(house: House, route: str) -> None:
    """Expected and seen, for nobody and for every role."""
    method, path = route.split(" ")
    reference = house.contact()
    for name, value in {**FILLED, "{reference}": reference}.items():
        path = path.replace(name, value)
    seen = tuple(_seen(_officer(house, role), method, path) for role in ROLES)
    assert seen == EXPECTED[route]


def _officer(house: House, role: str) -> Officer:
    if role == "nobody":
        return Officer(house.service.web_port)
    return house.officer(role)


def _seen(officer: Officer, method: str, path: str) -> str:
    if method == "GET":
        return _kind(officer.get(path))
    if path.endswith(("sign-in", "sign-out")):
        return _kind(officer.post(path, {"csrf": ""}))
    hidden = officer.get("/console/queue").hidden() or {"csrf": _csrf(officer)}
    return _kind(officer.post(path, {**hidden, "action": "nothing", "name": "x", "query": ""}))


def _csrf(officer: Officer) -> str:
    found = officer.get("/console/queue").all("input[name=csrf]")
    return str(found[0].attributes["value"]) if found else ""


def _kind(page: Page) -> str:
    if "/console/sign-in" in page.url and page.status == 200:
        return "door" if "next=" in page.url else "in"
    signed_out = page.status == 403 and "you are signed out" in page.words() and not page.all(".who")
    if signed_out:
        return "door"
    return "out" if page.status == 403 else "in"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/contacts"),
        ("GET", "/api/v1/events"),
        ("POST", "/api/v1/contacts"),
        ("GET", "/api/v1/contacts/X"),
    ],
)
def test_the_api_asks_for_a_token_and_its_scope(house: House, method: str, path: str) -> None:
    """No token, a wrong one, and one without the scope."""
    body = {"text": "x"} if method == "POST" else None
    assert house.call(method, path, body, caller="").status == 401
    assert house.call(method, path, body, caller="ackbot_wrong").status == 401
    assert house.call(method, path, body, caller="reading").status == (
        403 if method == "POST" else 200 if path[-1] != "X" else 404
    )
    cookie = house.officer("administrator")
    assert cookie.get(path).status == 401  # a session is no token
