"""The figures room: exact numbers of what somebody may see, and behind each the contacts that it counts."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.components.officer import Officer, Page
from tests.components.ports import wait_until
from tests.components.service import ask
from tests.console.conftest import House, house_in

# A rehearsal that hardly moves, on a Friday.
MOMENT = ("--pretend-now", "2026-12-18T10:00+00:00", "--speed", "0.001")
ROOM = "/console/figures"
DECEMBER = "from=2026-12-01&to=2026-12-31"


@dataclass(frozen=True)
class Busy:
    """A house with contacts of several weeks, and the room as it was before the first came."""

    house: House
    empty: Page

    @property
    def reader(self) -> Officer:
        """Somebody who sees every team."""
        return self.house.officer("reader")

    @property
    def hal(self) -> Officer:
        """Somebody who sees the contacts of housing alone."""
        return self.house.officer("officer", "housing")


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Busy]:
    """Contacts that are late, due, answered, closed, paused, with teams and with none."""
    house = house_in(tmp_path_factory.mktemp("busy"))
    try:
        house.service.start(*MOMENT)
        empty = house.officer("reader").get(ROOM)
        for day, team in (
            ("10-05", "housing"),
            ("11-16", "front-office"),
            ("12-04", "housing"),
            ("12-07", "front-office"),
        ):
            house.contact(f"Of {day}.", received_at=f"2026-{day}T09:00:00+00:00", team=team)
        close, classify = {"outcome": "withdrawn"}, {"kind": "foi"}
        for verb, body in (("respond", None), ("close", close), ("pause", None), ("classify", classify)):
            reference = house.contact("To be seen to.", received_at="2026-12-10T09:00:00+00:00", team="housing")
            response = house.call("POST", f"/api/v1/contacts/{reference}/{verb}", body or {})
            assert response.status == 200, response.text
        yield Busy(house, empty)
    finally:
        house.service.kill()


def links_of(page: Page) -> dict[str, str]:
    """Where each number leads, and the number."""
    return {str(link.attributes["href"]): link.text() for link in page.all("table.figures td a")}


def lines_of(page: Page) -> list[list[str]]:
    """The lines of a file."""
    return list(csv.reader(io.StringIO(page.text.removeprefix("\ufeff"))))


def column(page: Page, table: str, heading: str) -> list[str]:
    """What stands in a column of a table of the room."""
    (node_of_table,) = (node for node in page.all("table.figures") if node.css("caption")[0].text() == table)
    place = [node.text() for node in node_of_table.css("thead th")].index(heading)
    return [row.css("th, td")[place].text() for row in node_of_table.css("tbody tr")]


def test_an_empty_store_has_nothing_to_count(busy: Busy) -> None:
    """The page says so; nothing leads anywhere."""
    words = busy.empty.words()
    assert (busy.empty.status, links_of(busy.empty)) == (200, {})
    assert "No contact is open." in words
    assert "Nothing was answered in these days." in words
    assert "Nothing came in in these days." in words


def test_every_number_opens_into_as_many_contacts(busy: Busy) -> None:
    """Of the weeks, the forecast and what causes contacts: for who sees every team, and for who sees one."""
    for officer in (busy.reader, busy.hal):
        links = links_of(officer.get(f"{ROOM}?{DECEMBER}"))
        assert len(links) > 10
        for address, number in links.items():
            assert len(officer.get(address).all("main tbody tr")) == int(number), address


def test_who_sees_one_team_sees_figures_of_that_alone(busy: Busy) -> None:
    """Also where the address asks for another team, or where another's list is opened."""
    for_all, for_one = (officer.get(f"{ROOM}?{DECEMBER}") for officer in (busy.reader, busy.hal))
    assert [column(page, "The last weeks", "Came in")[0] for page in (for_all, for_one)] == ["6", "5"]
    assert column(for_all, "What will be late, by team", "Team") == ["Front office", "Housing"]
    assert column(for_one, "What will be late, by team", "Team") == ["Housing"]
    assert links_of(busy.hal.get(f"{ROOM}?{DECEMBER}&team=front-office")) == {}
    address = next(address for address in links_of(for_all) if "team=front-office" in address)
    assert busy.hal.get(address).all("main tbody tr") == []


def test_what_is_late_and_what_will_be_stand_by_team_and_by_day(busy: Busy) -> None:
    """In eight weeks hardly anything was answered: at that rate what falls due will be late."""
    url = busy.house.service.store_url
    wait_until(
        lambda: ask(url, "SELECT count(*) FROM spells") == ask(url, "SELECT count(*) FROM contacts"), what="spells"
    )
    page = busy.reader.get(ROOM)
    assert column(page, "What will be late, by team", "Late already") == ["1", "1"]
    assert column(page, "What will be late, by team", "Without a date") == ["0", "1"]
    falls_due = column(page, "What will be late, by day", "Falls due")
    assert falls_due[0] == "1"
    assert column(page, "What will be late, by day", "Late at that rate") == falls_due


def test_a_number_stays_what_it_was_at_its_event(busy: Busy) -> None:
    """Whatever comes later: an address with a cut-off shows the same page and the same list."""
    before = busy.reader.get(f"{ROOM}?{DECEMBER}")
    address = next(address for address in links_of(before) if "figure=received" in address)
    cut_off = ask(busy.house.service.store_url, "SELECT max(id) FROM events")[0][0]
    busy.house.contact("One more.", received_at="2026-12-17T09:00:00+00:00")
    after, again = (busy.reader.get(f"{ROOM}?{DECEMBER}{at}") for at in ("", f"&at={cut_off}"))
    assert column(before, "The last weeks", "Came in") == column(again, "The last weeks", "Came in")
    assert column(before, "The last weeks", "Came in") != column(after, "The last weeks", "Came in")
    assert len(busy.reader.get(address).all("main tbody tr")) == int(links_of(before)[address])


def test_every_table_and_every_list_is_a_file(busy: Busy) -> None:
    """With what the page shows; who saved it stands in the audit trail."""
    page = busy.reader.get(f"{ROOM}?{DECEMBER}")
    files = [
        str(link.attributes["href"]) for link in page.all("main p a") if "figures.csv" in str(link.attributes["href"])
    ]
    assert len(files) == 5
    weeks = lines_of(busy.reader.get(files[0]))
    assert [line[1] for line in weeks[1:]] == column(page, "The last weeks", "Came in")
    assert busy.reader.get(f"{ROOM}.csv?table=people").status == 404
    address, number = next((a, n) for a, n in links_of(page).items() if "figure=received" in a)
    lines = lines_of(busy.reader.get(address.replace("contacts?", "contacts.csv?")))
    assert (lines[0][0], len(lines) - 1) == ("contact", int(number))
    trail = busy.house.officer("lead").get("/console/audit?by=ron@example.gov.uk").words()
    assert trail.count("List saved as CSV") == 2


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=yesterday", "We do not know from “yesterday”"),
        ("from=2026-12-10&to=2026-12-01", "a period from 2026-12-10 to 2026-12-01"),
        ("from=2020-01-01&to=2026-12-01", "a period of more than 100 days"),
        ("at=never", "We do not know at “never”"),
        ("at=99999999", "Nothing was recorded by then"),
    ],
)
def test_what_makes_no_sense_is_named(busy: Busy, query: str, words: str) -> None:
    """And left out, so that there is a page all the same."""
    page = busy.reader.get(f"{ROOM}?{query}")
    assert page.status == 200
    assert words in page.words()


@pytest.mark.parametrize("query", ["", "?figure=nothing", "?forecast=nobody"])
def test_a_number_that_there_is_not_has_no_list(busy: Busy, query: str) -> None:
    """Neither as a page nor as a file."""
    for name in ("contacts", "contacts.csv"):
        assert busy.reader.get(f"{ROOM}/{name}{query}").status == 422


def test_the_list_behind_a_report_of_a_year_is_whole(busy: Busy) -> None:
    """A report of a year opens into its contacts, though the room itself shows a quarter at most."""
    year = busy.reader.get(f"{ROOM}/contacts?figure=received&from=2026-01-01&to=2026-12-31")
    assert "We do not know" not in year.words()
    assert len(year.all("main tbody tr")) >= 8
