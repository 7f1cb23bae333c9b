"""Forty people in danger within seconds: a few calls, all in the list, and one button that takes what it shows."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.components.form import send_form
from tests.components.ports import wait_until
from tests.components.service import ask
from tests.console.conftest import House, house_in, run

CALLS = "SELECT count(*) FROM deliveries WHERE purpose = 'urgent' AND {}"


@pytest.fixture
def flooded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house whose form was sent forty times, by as many people, and that has called whom it calls at once."""
    house = house_in(tmp_path_factory.mktemp("flooded"))
    with house.service:
        for number in range(40):
            status, _ = send_form(
                house.service, f"I can smell gas at {number} High Street.", email=f"p{number}@a.example"
            )
            assert status == 200
        wait_until(lambda: count(house, "sent_at IS NULL AND attempts = 0") == 0, what="the calls")
        yield house


def count(house: House, condition: str) -> int:
    """How many calls there are."""
    return int(ask(house.service.store_url, CALLS.format(condition))[0][0])


def test_a_flood_is_four_calls_and_one_button(flooded: House) -> None:
    """Taken are those that the page counted; what came since calls on, until it is taken by the command."""
    service = flooded.service
    mails = [path.read_text() for path in (service.directory / "mails").glob("*.eml")]
    assert sum("Subject: Urgent" in mail for mail in mails) <= 4
    officer, reader = flooded.officer("officer"), flooded.officer("reader")
    page = officer.get("/console/queue?which=urgent")
    assert len(page.all("table.queue th[scope=row] a")) == 40
    assert "People are called about 40 urgent contacts" in page.words()
    assert "Take all" not in reader.get("/console/queue?which=urgent").words()
    send_form(service, "I can smell gas at the mill.", email="late@a.example")
    after = officer.post("/console/urgent", page.hidden())
    assert "40 contacts are yours." in after.words()
    assert "People are called about 1 urgent contact" in after.words()
    (line,) = map(json.loads, run(service, "urgent", "list", "--json").splitlines())
    assert (line["urgent"], line["team"], line["calls"]) == ("gas", "front-office", 1)
    assert run(service, "urgent", "list", "--team", "housing") == ""
    assert service.command("urgent", "take", "--team", "housing", check=False).exit_code == 1
    assert line["reference"] in run(service, "urgent", "take", "--up-to", line["reference"])
    assert service.command("urgent", "take", check=False).exit_code == 1
    assert "People are called" not in officer.get("/console/queue").words()
    assert officer.post("/console/urgent", page.hidden()).words().count("Nobody is called about any") == 1


def test_of_many_receipts_at_once_twenty_leave_by_themselves(tmp_path: Path) -> None:
    """Nothing proves whom a program names: every contact is made, and the other receipts wait for staff."""
    house = house_in(tmp_path, limits="")
    with house.service:
        for number in range(25):
            house.contact(sender={"email": f"flood{number}@homes{number}.example"})
        query = "SELECT next_attempt_at IS NULL AND state = 'created' FROM deliveries WHERE recipient LIKE 'flood%'"
        held = [is_held for (is_held,) in ask(house.service.store_url, query)]
    assert (len(held), sum(held) >= 5) == (25, True)
