"""Every route and method against every role, every token and nobody: what is expected, and what is seen."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.core import links, tracking
from bot.settings.main import SignIn
from bot.web.pages import pages
from bot.web.site import Site
from tests.components.officer import Officer, Page
from tests.components.service import ask
from tests.console.conftest import House, house_in
from tests.console.test_oidc import SIGN_IN
from tests.web.conftest import book, desk, settings, site, store

__all__ = ["book", "desk", "settings", "site", "store"]
# The neighbour is an officer of another team than the contact's.
ROLES = ("nobody", "reader", "officer", "neighbour", "lead", "administrator")
# What each role gets, in the order of ROLES: in = a page or its own refusal, out = 403, door = led to the sign-in,
# gone = 404, as for what is not there.
ALL_IN = ("door", "in", "in", "in", "in", "in")
SEEING = ("door", "in", "in", "gone", "in", "in")
ACTING = ("door", "out", "in", "in", "in", "in")
ACTING_ON_ONE = ("door", "out", "in", "gone", "in", "in")
LEADING = ("door", "out", "out", "out", "in", "in")
LOOKING_FOR_NOTHING = ("door", "out", "out", "out", "gone", "gone")  # nothing is shunted
NO_FILE = ("door", "gone", "gone", "gone", "gone", "gone")  # nothing came with what was taken down
RULING = ("door", "out", "out", "out", "out", "in")
OPEN = ("in",) * 6
OUT = ("out",) * 6
CONSOLE = {
    "GET /console": ALL_IN,
    "GET /console/sign-in": OPEN,
    "POST /console/sign-in": OUT,  # without its form's token
    "GET /console/sign-in/code": OPEN,  # led back to the sign-in: nobody has shown a password
    "POST /console/sign-in/code": OUT,
    "GET /console/sign-in/set-up": OPEN,
    "POST /console/sign-in/set-up": OUT,
    "GET /console/link": OPEN,
    "POST /console/link": OUT,
    "GET /console/sign-in/start": ("away",) * 6,  # the provider of this house is not there
    "GET /console/sign-in/back": OUT,  # nothing was begun
    "POST /console/sign-out": ("in", "out", "out", "out", "out", "out"),  # without its form's token, too
    "GET /console/account": ALL_IN,
    "POST /console/account": ALL_IN,
    "GET /console/account/second-factor": ALL_IN,
    "POST /console/account/second-factor": ("door", "out", "out", "out", "out", "out"),  # without their password
    "GET /console/queue": ALL_IN,
    "GET /console/queue.csv": ALL_IN,
    "POST /console/queue": LEADING,
    "POST /console/views": ALL_IN,
    "POST /console/urgent": ACTING,
    "GET /console/contacts/{reference}": SEEING,
    "POST /console/contacts/{reference}": ACTING_ON_ONE,
    "POST /console/contacts/{reference}/answer": ACTING_ON_ONE,
    "POST /console/contacts/{reference}/draft": ACTING_ON_ONE,
    "POST /console/contacts/{reference}/undo": ACTING_ON_ONE,
    "GET /console/contacts/{reference}/saved-answer": ACTING_ON_ONE,
    "GET /console/contacts/{reference}/writing": SEEING,
    "GET /console/contacts/{reference}/person": SEEING,
    "GET /console/contacts/{reference}/page": SEEING,
    "GET /console/contacts/{reference}/messages/{number}": SEEING,
    "GET /console/contacts/{reference}/messages/{number}/words": SEEING,
    "GET /console/contacts/{reference}/messages/{number}/raw": SEEING,
    "GET /console/contacts/{reference}/messages/{number}/files/{file}": NO_FILE,
    "GET /console/contacts/{reference}/events/{number}": SEEING,
    "GET /console/contacts/{reference}/sent/{number}": SEEING,
    "GET /console/contacts/{reference}/sent/{number}/raw": SEEING,
    "GET /console/contacts/{reference}/sent/{number}/large-print": SEEING,
    "GET /console/contacts/{reference}/sent/{number}/large-print.pdf": SEEING,
    "GET /console/contacts/{reference}/sent/{number}/text": SEEING,
    "GET /console/record": ACTING,
    "POST /console/record": ACTING,
    "GET /console/backlog": ALL_IN,
    "POST /console/backlog": LEADING,
    "GET /console/figures": ALL_IN,
    "GET /console/figures.csv": ALL_IN,
    "GET /console/figures/contacts": ALL_IN,
    "GET /console/figures/contacts.csv": ALL_IN,
    "GET /console/coverage": ALL_IN,
    "GET /console/alerts": ALL_IN,
    "GET /console/duty": ALL_IN,
    "POST /console/duty": ("door", "in", "in", "in", "in", "in"),  # nothing is named: a refusal of the page's own
    "POST /console/words": LEADING,  # without a name: refused by the page
    "GET /console/words/{sort}/{language}/{name}": LEADING,
    "POST /console/words/{sort}/{language}/{name}": LEADING,
    "GET /console/templates": ALL_IN,
    "GET /console/templates/{language}/{name}": ALL_IN,
    "GET /console/templates/{language}/{name}/{contact}": ALL_IN,
    "GET /console/standards": ALL_IN,
    "GET /console/shunted": ALL_IN,
    "GET /console/public": ALL_IN,
    "POST /console/public/{reference}": ACTING_ON_ONE,
    "GET /console/shunted/{number}": LOOKING_FOR_NOTHING,
    "POST /console/shunted/{number}": LOOKING_FOR_NOTHING,
    "GET /console/feedback": LEADING,
    "POST /console/contacts/{reference}/feedback": ACTING_ON_ONE,
    "GET /console/improvements": LEADING,
    "POST /console/improvements": LEADING,
    "GET /console/reports": ALL_IN,
    "POST /console/reports": LEADING,
    "GET /console/reports/{number}": NO_FILE,
    "POST /console/reports/{number}": LOOKING_FOR_NOTHING,  # there is none yet
    "GET /console/reports/{number}/report.html": NO_FILE,
    "GET /console/reports/{number}/report.pdf": NO_FILE,
    "GET /console/reports/{number}/report.csv": NO_FILE,
    "GET /console/reports/{number}/report.json": NO_FILE,
    "GET /console/audit": LEADING,
    "GET /console/people": RULING,
    "POST /console/people": RULING,
}
PUBLIC = {
    "GET /": OPEN,
    "POST /": OPEN,
    "GET /standards": OPEN,
    "GET /standards.json": OPEN,
    "GET /you-said": OPEN,
    "GET /you-said.json": OPEN,
    "GET /you-said.csv": OPEN,
    "GET /performance": OPEN,
    "GET /performance/embed": OPEN,
    "GET /performance.json": ("gone",) * 6,  # no report is approved
    "GET /performance.csv": ("gone",) * 6,
    "GET /performance.csv-metadata.json": ("gone",) * 6,
    "GET /accessibility": OPEN,
    "GET /privacy": OPEN,
    "GET /track/{reference}/{key}/feedback": OPEN,  # the key is all that it asks for
    "POST /track/{reference}/{key}/feedback": OPEN,
    "GET /track": OPEN,
    "POST /track": OPEN,
    "GET /track/{reference}/{key}": OPEN,
    "GET /track/{reference}/{key}/withdraw": OPEN,
    "GET /track/{reference}/{key}/new-link": OPEN,
    "GET /track/{reference}/{key}/needs": OPEN,
    "POST /track/{reference}/{key}/message": OPEN,
    "POST /track/{reference}/{key}/needs": OPEN,
    "POST /track/{reference}/{key}/withdraw": OPEN,
    "GET /track/{reference}/{key}/sent/{number}": ("gone",) * 6,
    "POST /track/{reference}/{key}/new-link": ("in", "gone", "gone", "gone", "gone", "gone"),  # the old key is void
    "GET /healthz": OPEN,
    "GET /readyz": OPEN,
    "GET /metrics": OPEN,
    "GET /alerts/{token}": OPEN,
    "POST /alerts/{token}": OPEN,
}
# A channel that platforms call has such an address; this house has none.
NOWHERE = {"GET /hooks/nothing": ("gone",) * 6, "POST /hooks/nothing": ("gone",) * 6}
EXPECTED = CONSOLE | PUBLIC | NOWHERE
# The names of tokens (`conftest.TOKENS`), one that nobody made, and none; the contact is none of the team housing.
CALLERS = ("", "ackbot_wrong", "reading", "writing", "housing", "all")
ONE = "/api/v1/contacts/{reference}"
API: dict[str, tuple[Any, tuple[int, ...]]] = {
    "POST /api/v1/contacts": ({"text": "Hello."}, (401, 401, 403, 201, 201, 201)),
    "GET /api/v1/contacts": (None, (401, 401, 200, 403, 200, 200)),
    f"GET {ONE}": (None, (401, 401, 200, 403, 404, 200)),
    f"GET {ONE}/sent": (None, (401, 401, 200, 403, 404, 200)),
    f"POST {ONE}/respond": ({}, (401, 401, 403, 200, 404, 200)),
    f"POST {ONE}/pause": ({}, (401, 401, 403, 200, 404, 200)),
    f"POST {ONE}/resume": ({}, (401, 401, 403, 409, 404, 409)),  # it is not paused
    f"POST {ONE}/assign": ({"team": "housing"}, (401, 401, 403, 200, 404, 200)),
    f"POST {ONE}/close": ({"outcome": "test", "note": "A test of ours."}, (401, 401, 403, 200, 404, 200)),
    f"GET {ONE}/events": (None, (401, 401, 200, 403, 404, 200)),
    f"POST {ONE}/messages": ({"text": "It came back."}, (401, 401, 403, 201, 404, 201)),
    f"GET {ONE}/messages/{{number}}/files": (None, (401, 401, 404, 403, 404, 404)),  # there is no such message
    f"GET {ONE}/messages/{{number}}/files/{{file}}": (None, (401, 401, 404, 403, 404, 404)),
    f"POST {ONE}/answer": ({"kind": "full", "words": "It is mended."}, (401, 401, 403, 200, 404, 200)),
    f"POST {ONE}/undo": ({}, (401, 401, 403, 409, 404, 409)),  # no answer waits
    f"POST {ONE}/confirm-answer": ({}, (401, 401, 403, 409, 404, 409)),
    f"POST {ONE}/extend": (
        {"to": "20 working days", "reason": "We must ask somebody."},
        (401, 401, 403, 409, 404, 409),  # its standard allows no extension
    ),
    f"POST {ONE}/classify": ({"kind": "complaint"}, (401, 401, 403, 200, 404, 200)),
    f"POST {ONE}/needs": ({"needs": "large print"}, (401, 401, 403, 200, 404, 200)),
    f"POST {ONE}/format-made": ({"message": "999999"}, (401, 401, 403, 422, 404, 422)),
    f"POST {ONE}/judge": ({"avoidable": "progress"}, (401, 401, 403, 200, 404, 200)),
    f"POST {ONE}/void-links": ({}, (401, 401, 403, 200, 404, 200)),
    f"POST {ONE}/take": ({}, (401, 401, 403, 200, 404, 200)),
    f"POST {ONE}/holding-reply": ({}, (401, 401, 403, 200, 404, 200)),
    f"POST {ONE}/spam": ({}, (401, 401, 403, 200, 404, 200)),
    f"POST {ONE}/urgent": ({"reason": "They say that they are alone."}, (401, 401, 403, 200, 404, 200)),
    f"POST {ONE}/not-urgent": ({}, (401, 401, 403, 409, 404, 409)),  # it is not urgent
    f"POST {ONE}/reopen": ({}, (401, 401, 403, 409, 404, 409)),  # it is open
    f"POST {ONE}/note": ({"words": "Only for us."}, (401, 401, 403, 200, 404, 200)),
    f"POST {ONE}/merge": ({"contact": "EX-0000-0000"}, (401, 401, 403, 422, 404, 422)),
    f"POST {ONE}/unmerge": ({}, (401, 401, 403, 422, 404, 422)),  # it goes on in none
    f"POST {ONE}/split": ({"messages": "1"}, (401, 401, 403, 422, 404, 422)),
    "GET /api/v1/events": (None, (401, 401, 200, 403, 200, 200)),
    "GET /api/v1/feedback": (None, (401, 401, 200, 403, 200, 200)),
    # It has no webhook of that name.
    "POST /api/v1/webhooks/{name}/replay": ({"after": "1"}, (401, 401, 404, 403, 403, 404)),
    "GET /api/v1/teams": (None, (401, 401, 200, 403, 200, 200)),
    "GET /api/v1/services": (None, (401, 401, 200, 403, 200, 200)),
    "GET /api/v1/channels": (None, (401, 401, 200, 403, 200, 200)),
    "GET /api/openapi.json": (None, (200,) * 6),
}
METHODS = ("GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS")
SECRET = b"s" * 40
# The numbers of what belongs to the newest contact, by their place in addresses.
ROWS = {
    "messages": "SELECT max(id) FROM messages",
    "events": "SELECT max(id) FROM events WHERE contact_id = (SELECT max(id) FROM contacts)",
    "sent": "SELECT max(id) FROM deliveries WHERE contact_id = (SELECT max(id) FROM contacts)",
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house with a sign-in of its organisation's, too."""
    made = house_in(tmp_path_factory.mktemp("roles"), SIGN_IN.format(port=1))
    with made.service:
        yield made


@pytest.fixture(scope="module")
def filled(house: House) -> dict[str, str]:
    """What stands for the names in addresses, of a contact for all roles."""
    return _filled_of(house)


def _filled_of(house: House) -> dict[str, str]:
    reference = house.contact("Mine.", how="letter")
    ((contact, received_at),) = ask(house.service.store_url, "SELECT max(id), max(received_at) FROM contacts")
    ends_at = datetime.fromisoformat(received_at).replace(tzinfo=UTC) + timedelta(days=14)
    token = links.token(1, contact, ends_at, SECRET)
    return {
        "{reference}": reference,
        **{f"{name}/{{number}}": f"{name}/{ask(house.service.store_url, query)[0][0]}" for name, query in ROWS.items()},
        "{number}": "1",
        "{file}": "1",
        "{sort}": "template",
        "{language}": "en",
        "{name}": "acknowledgement",
        "{contact}": "urgent",
        "{token}": token,
        "{key}": tracking.key(contact, reference, 0, SECRET),
    }


async def test_the_tables_name_every_route(site: Site) -> None:
    """No route of the whole application is left out."""
    sign_in = SignIn(issuer="http://127.0.0.1:1", client_id="ackbot")
    whole = replace(site, settings=replace(site.settings, sign_in=sign_in), sent_mail=None)
    routes = pages(whole).router.routes()
    known = {
        f"{route.method} {route.resource.canonical}" for route in routes if route.method != "HEAD" and route.resource
    }
    assert {route for route in known if "/assets/" not in route} == {*CONSOLE, *PUBLIC, *API}


@pytest.mark.parametrize("route", EXPECTED)
def test_each_role_may_what_the_table_says(house: House, filled: dict[str, str], route: str) -> None:
    """Expected and seen, for nobody and for every role."""
    method, path = _at(route, filled)
    assert tuple(_seen(_officer(house, role), method, path) for role in ROLES) == EXPECTED[route]


@pytest.mark.parametrize("route", API)
def test_each_token_may_what_the_table_says(house: House, route: str) -> None:
    """Expected and seen, without a token, with one that nobody made, and with every kind of token; not by a session."""
    body, expected = API[route]
    names = {"{number}": "999999", "{file}": "1", "{name}": "crm"}
    calls = [(caller, *_at(route, {"{reference}": house.contact("Theirs.")} | names)) for caller in CALLERS]
    assert tuple(house.call(method, path, body, caller=caller).status for caller, method, path in calls) == expected
    _, method, path = calls[0]
    assert house.officer("administrator").ask(method, path).status == expected[0]


def test_no_address_takes_another_method(house: House) -> None:
    """405 for everybody, with what is allowed; HEAD is answered as GET is, and by the API not at all.

    The contact is another one than above, where its links are made void.
    """
    filled = _filled_of(house)
    allowed: dict[str, set[str]] = {}
    for route in (*CONSOLE, *PUBLIC, *API):
        method, path = _at(route, filled)
        heads = {"HEAD"} if method == "GET" and not path.startswith("/api/") else set()
        allowed.setdefault(path, set()).update({method} | heads)
    who = [_officer(house, role) for role in ("nobody", "administrator")]
    for path, methods in allowed.items():
        for method in (verb for verb in METHODS if verb not in methods):
            pages = [officer.ask(method, path, follow=False) for officer in who]
            assert [page.status for page in pages] == [405, 405], (method, path)
            assert {set(page.headers["allow"].split(",")) == methods for page in pages} == {True}, (method, path)
        if "HEAD" in methods:
            seen = [[officer.ask(method, path, follow=False).status for method in ("HEAD", "GET")] for officer in who]
            assert all(head == got for head, got in seen), path


def _at(route: str, filled: dict[str, str]) -> tuple[str, str]:
    method, path = route.split(" ")
    # No message has this number, whatever is sent meanwhile.
    path = path.replace("{key}/sent/{number}", "{key}/sent/0")
    for name, value in filled.items():
        path = path.replace(name, value)
    return method, path


def _officer(house: House, role: str) -> Officer:
    if role == "nobody":
        return Officer(house.service.web_port)
    return house.officer("officer", "housing") if role == "neighbour" else house.officer(role)


def _seen(officer: Officer, method: str, path: str) -> str:
    if method == "GET":
        return _kind(officer.get(path))
    if path.endswith(("sign-in", "sign-out")) or not path.startswith("/console"):
        return _kind(officer.post(path, {"csrf": ""}))
    hidden = officer.get("/console/queue").hidden() or {"csrf": _csrf(officer)}
    action = "holding-reply" if "/contacts/" in path else "nothing"
    return _kind(officer.post(path, {**hidden, "action": action, "name": "x", "query": ""}))


def _csrf(officer: Officer) -> str:
    fields = officer.get("/console/queue").all("input[name=csrf]")
    return str(fields[0].attributes["value"]) if fields else ""


def _kind(page: Page) -> str:
    if "/console/sign-in?" in page.url and page.status == 200:
        return "door" if "next=" in page.url else "in"
    signed_out = page.status == 403 and "you are signed out" in page.words() and not page.all(".who")
    if signed_out:
        return "door"
    return {403: "out", 404: "gone", 502: "away", 500: "broken", 503: "broken"}.get(page.status, "in")
