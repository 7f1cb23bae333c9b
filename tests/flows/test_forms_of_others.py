"""What becomes of forms that other vendors pass on: acknowledged like our own form, once, or left to staff."""

import hashlib
import hmac
import json
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.channel import RawRequest
from bot.core.contacts import Contact
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import Received, receive
from bot.flows.rulebook import Rulebook, Way
from bot.store import contacts, outbox
from bot.store.engine import Store
from channels import inbound_webhook
from tests.flows.conftest import NOW, writing
from tests.rulebooks import altered

NAME, SECRET = "bins-form", "a secret of the vendor's, long enough"
FIELDS = {"id": "/id", "message": "/words", "name": "/name", "email": "/email", "phone": "/phone"}
TABLE = {"name": NAME, "kind": "inbound_webhook", "secret": SECRET, "replies_by": "post", "fields": FIELDS}
HOOK = inbound_webhook.build(NAME, inbound_webhook.Settings.model_validate(TABLE))
FORM = {"id": 1, "words": "My bin was missed.", "name": "Sam", "email": "sam@residents.example"}


@pytest.fixture
def mapped(book: Rulebook) -> Rulebook:
    """A book that knows the form."""
    return altered(book, ways={**book.ways, NAME: Way("post", "front", medium="web_form", name=NAME)})


def call(connection: Connection, book: Rulebook, **answers: Any) -> Received:
    """The vendor calls us with a form."""
    body = json.dumps(FORM | answers).encode()
    signature = hmac.digest(SECRET.encode(), body, hashlib.sha256).hex()
    return receive(
        connection, HOOK.open(RawRequest({"x-signature": signature}, body)), Reading(NAME), NOW, book, Capacity()
    )


def contact(connection: Connection) -> Contact:
    """The only contact."""
    (contact,) = contacts.list_all(connection)
    return contact


def receipts(connection: Connection) -> list[str]:
    """To whom a receipt leaves."""
    deliveries = outbox.of_contact(connection, contact(connection).id)
    return [delivery.recipient for delivery in deliveries if delivery.purpose == "acknowledgement"]


def test_somebody_who_filled_it_in_is_acknowledged_once(store: Store, mapped: Rulebook) -> None:
    """However often the vendor calls, and whatever it adds about its attempts."""
    with writing(store) as connection:
        for attempt in range(3):
            call(connection, mapped, attempt=attempt)
        assert receipts(connection) == ["sam@residents.example"]
        assert (contact(connection).state, contact(connection).sender_name) == ("open", "Sam")


@pytest.mark.parametrize(
    ("answers", "outcome"), [({"email": "", "phone": "01632 960 001"}, "ask"), ({"email": ""}, "acknowledge")]
)
def test_whoever_left_no_email_address_has_clocks_all_the_same(
    store: Store, mapped: Rulebook, answers: dict[str, Any], outcome: str
) -> None:
    """Staff tell whoever can be called that we have it; who cannot be reached was told by the vendor's own page."""
    with writing(store) as connection:
        call(connection, mapped, **answers)
        assert receipts(connection) == []
        form = contact(connection)
        assert (form.state, form.outcome) == ("open", outcome)
        assert form.respond_by is not None


def test_a_form_of_another_shape_alarms_staff_and_opens_no_contact(store: Store, mapped: Rulebook) -> None:
    """It is shunted whole; the vendor was told that we have it."""
    with writing(store) as connection:
        (filed,) = call(connection, mapped, words={"text": "x"}).filed
        assert filed.reference is None
        assert contacts.list_all(connection) == []
