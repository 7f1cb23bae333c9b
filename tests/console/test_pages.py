"""The rooms of the console: figures that open, what was shunted, what is promised, and pages that stay small."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.components.officer import Page
from tests.components.ports import PATIENCE_SECONDS
from tests.components.service import ask
from tests.console.conftest import House, house_in

LONG = "<&'\"> " * 800


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house with contacts of several ages, of teams and of none."""
    made = house_in(tmp_path_factory.mktemp("full"))
    with made.service:
        for number, day in enumerate(("2026-06-01", "2026-08-03", "2026-10-01")):
            made.contact(f"Number {number}.", received_at=f"{day}T10:00:00+00:00", team="housing" if number else None)
        made.contact("Today.")
        _change(made, "UPDATE contacts SET team = NULL WHERE id = 4")
        yield made


def _change(house: House, statement: str, *values: Any) -> None:
    with closing(sqlite3.connect(house.service.store, timeout=PATIENCE_SECONDS)) as store:
        store.execute(statement, values)
        store.commit()


def _shunt(house: House, channel: str, name: str, raw: bytes) -> str:
    at = ask(house.service.store_url, "SELECT min(received_at) FROM contacts")[0][0]
    row = "INSERT INTO shunted (channel, external_id, at, error, raw) VALUES (?, ?, ?, 'KeyError: x', ?)"
    _change(house, row, channel, name, at, raw)
    return str(ask(house.service.store_url, "SELECT max(id) FROM shunted")[0][0])


def test_every_figure_of_the_backlog_opens_into_its_contacts(full: House) -> None:
    """As many stand behind each link as its figure says: by team and without one, by age, late, and in all."""
    lead = full.officer("lead")
    links = lead.get("/console/backlog").all(".figures a")
    assert len(links) > 8
    for link in links:
        shown = lead.get(str(link.attributes["href"])).all("table.queue tbody tr")
        assert len(shown) == int(link.text()), link.attributes


def test_the_standards_say_what_they_promise(full: House) -> None:
    """The promise itself, and examples of it."""
    words = full.officer("reader").get("/console/standards").words()
    assert "Acknowledge within 1 working day, answer within 10 working days." in words
    assert "Staff acknowledge within 3 working days, answer within 10 working days of the acknowledgement." in words
    assert "A message received on Christmas Eve" in words


def test_everybody_sees_that_something_was_shunted_and_leads_alone_what(full: House) -> None:
    """The filter leads to the room; who does not lead sees the list, and nothing that they could open."""
    number = _shunt(full, "website", "seen", b"{}")
    reader, lead = full.officer("reader"), full.officer("lead")
    page = reader.get("/console/queue?which=shunted")
    assert page.url.endswith("/console/shunted")
    assert f"Number {number}" in page.words()
    assert not page.all("main a")
    assert "could not be logged" in reader.get("/console/queue").words()
    assert reader.get(f"/console/shunted/{number}").status == 403
    assert lead.get("/console/shunted").all(f"main a[href='/console/shunted/{number}']")


def test_what_is_said_in_public_is_looked_at_in_a_list_of_its_own(full: House) -> None:
    """The late one is marked; whoever acts says that nothing is to be done, and it waits no longer."""
    reference = full.contact("Is this <b>in public</b>?")
    number = ask(full.service.store_url, "SELECT max(id) FROM contacts")[0][0]
    only_logged = "UPDATE contacts SET state = 'logged', visibility = 'public', next_look_at = NULL WHERE id = ?"
    _change(full, only_logged, number)
    _change(full, "UPDATE messages SET fields = ? WHERE contact_id = ?", '{"link": "https://social.example/9"}', number)
    long_ago = ask(full.service.store_url, "SELECT min(received_at) FROM contacts")[0][0]
    _change(full, "INSERT INTO public_posts (contact_id, look_by) VALUES (?, ?)", number, long_ago)
    reader, officer = full.officer("reader"), full.officer("officer")
    assert "1 thing said in public waits for a look" in reader.get("/console/queue").words()
    page = reader.get("/console/public")
    assert "Is this <b>in public</b>?" in page.words()
    assert "Late" in page.words()
    assert page.all("a[href='https://social.example/9']")
    assert not page.all("main form")
    answer = officer.post(f"/console/public/{reference}", officer.get("/console/public").hidden())
    assert "Nothing waits for a look" in answer.words()
    again = officer.post(f"/console/public/{reference}", page.hidden() | officer.get("/console/queue").hidden())
    assert again.status == 409
    assert "Somebody looked at it" in officer.get(f"/console/contacts/{reference}").words()


FORM = {"name": "Fay", "email": "fay@a.example", "phone": "", "message": "A form.", "service": "", "postcode": ""}
CALL = {
    "how": "letter",
    "name": "Val",
    "email": "val@a.example",
    "phone": "",
    "subject": "Gate",
    "text": "It is stuck.",
}


@pytest.mark.parametrize(
    ("channel", "name", "raw", "words"),
    [("website", "token.digest", FORM, "A form."), ("desk", "letter:key", CALL, "It is stuck.")],
)
def test_a_shunted_form_is_logged_again(full: House, channel: str, name: str, raw: dict[str, str], words: str) -> None:
    """Read by its own channel, under its old id, with the dates of when it came."""
    number, lead = _shunt(full, channel, name, json.dumps(raw).encode()), full.officer("lead")
    page = lead.get(f"/console/shunted/{number}")
    done = lead.post(f"/console/shunted/{number}", {**page.hidden(), "action": "replay"})
    assert "/console/contacts/" in done.url
    assert words in done.words()
    rows = ask(full.service.store_url, "SELECT external_id, received_at FROM contacts ORDER BY id DESC LIMIT 1")
    assert rows == [(name, ask(full.service.store_url, "SELECT min(received_at) FROM contacts")[0][0])]
    assert lead.get(f"/console/shunted/{number}").status == 404


def test_what_no_channel_can_read_again_is_taken_down_at_the_desk(full: House) -> None:
    """Its words and its date stand there already for who leads; it is deleted only where somebody ticks that."""
    number, lead = _shunt(full, "website", "bad", b'{"name": "Bo", "message": "No address."}'), full.officer("lead")
    page = lead.get(f"/console/shunted/{number}")
    assert "Try to log it again" not in page.words()
    link = next(link for link in page.all("main a") if "desk" in link.text())
    desk = lead.get(str(link.attributes["href"]))
    assert desk.all("#text")[0].text().strip() == "No address."
    assert desk.all("#name")[0].attributes["value"] == "Bo"
    assert desk.all("#received_at")[0].attributes["value"] == "2026-06-01T11:00"
    assert "No address." not in full.officer("officer").get(str(link.attributes["href"])).text
    hidden = page.hidden()
    kept = lead.post(f"/console/shunted/{number}", {**hidden, "action": "drop"})
    assert kept.status == 422
    lead.post(f"/console/shunted/{number}", {**hidden, "action": "drop", "sure": "yes"})
    assert lead.get(f"/console/shunted/{number}").status == 404


def _fill(house: House) -> None:
    for _ in range(55):
        house.contact("Long.")
    _change(house, "UPDATE contacts SET subject = ?, sender_name = ?, reason = ?", LONG, LONG, LONG)
    details = json.dumps({"note": LONG, "reason": LONG, "with": "x" * 290})
    for _ in range(110):
        row = "INSERT INTO events (contact_id, at, kind, actor, details) SELECT 1, received_at, 'x', 'staff:x', ? "
        _change(house, row + "FROM contacts LIMIT 1", details)
    for number in range(110):
        _shunt(house, "website", f"long {number}", LONG.encode() * 4)
    _change(house, "UPDATE shunted SET error = ?", LONG[:500])


def test_every_page_is_small_whatever_it_holds(full: House) -> None:
    """Under 100 KB with as much as can stand on it; what was left out is a link away."""
    _fill(full)
    lead = full.officer("administrator")
    number = ask(full.service.store_url, "SELECT max(id) FROM shunted")[0][0]
    rooms = ("queue", "queue?which=suppressed", "audit", "backlog", "alerts", "coverage", "standards", "templates")
    paths = (*rooms, "shunted", f"shunted/{number}", f"record?shunted={number}", "people")
    pages: dict[str, Page] = {path: lead.get(f"/console/{path}") for path in paths}
    assert {path: len(page.text.encode()) for path, page in pages.items() if len(page.text.encode()) > 100_000} == {}
    seen, page = 0, pages["audit"]
    while onwards := [link for link in page.all("main a") if link.text() == "Earlier"]:
        seen += len(page.all("tbody tr"))
        page = lead.get(f"{onwards[0].attributes['href']}")
    seen += len(page.all("tbody tr"))
    assert seen >= ask(full.service.store_url, "SELECT count(*) FROM events WHERE actor != 'ackbot'")[0][0] - 1
