"""The page of a contact opens whatever was decided about it and however it stands; driven from outside."""

import pytest

from bot.core.contacts import State
from tests.console.conftest import House

OUTCOMES = ("acknowledge", "log", "attach", "undeliverable", "ask")
STATES = tuple(state.value for state in State)
# A contact that is owed nothing keeps no standard.
NO_STANDARD = (
    "standard = NULL, standard_version = NULL, promise = '', calendar = '', receipt_rule = '', "
    "acknowledge_by = NULL, respond_by = NULL"
)


@pytest.mark.parametrize("standard", ["with a standard", "without one"])
def test_the_page_opens_in_every_outcome_and_state(house: House, standard: str) -> None:
    """Console and API show the contact, and what the console offers for it is not refused as unknown."""
    reference = house.contact("My bin was missed.", subject="Missed bin")
    if standard == "without one":
        house.change(f"UPDATE contacts SET {NO_STANDARD} WHERE reference = '{reference}'")  # noqa: S608
    officer = house.officer("lead")
    for outcome in OUTCOMES:
        for state in STATES:
            look = "received_at" if state == State.OPEN else "NULL"
            house.change(
                f"UPDATE contacts SET outcome = '{outcome}', state = '{state}', next_look_at = {look} "  # noqa: S608
                f"WHERE reference = '{reference}'"
            )
            page = officer.get(f"/console/contacts/{reference}")
            assert page.status == 200, (outcome, state, standard)
            assert "My bin was missed." in page.words()
            shown = house.call("GET", f"/api/v1/contacts/{reference}")
            assert (shown.status, shown.json["outcome"], shown.json["state"]) == (200, outcome, state)
