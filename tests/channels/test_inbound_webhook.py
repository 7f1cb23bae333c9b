"""Forms of other vendors: who may call, what is read of a call, and what becomes of one that is not as expected."""

import base64
import hashlib
import hmac
import json
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.channel import Forged, Hook, Permanent, RawRequest, Rereader
from bot.core.messages import Inbound, Party
from channels import inbound_webhook
from channels.inbound_webhook import InboundWebhook

SECRET = "a secret of the vendor's, long enough"
FIELDS: dict[str, Any] = {
    "id": "/submission/reference",
    "received_at": "/submission/completed_at",
    "message": ["/answers/what_happened", "/answers/more"],
    "name": ["/answers/first_name", "/answers/last_name"],
    **{name: f"/answers/{name}" for name in ("email", "phone", "postcode", "language", "service", "subject")},
    "files": ["/uploads/0/url", "/uploads/1/url"],
}
TABLE: dict[str, Any] = {"name": "bins-form", "kind": "inbound_webhook", "secret": SECRET, "fields": FIELDS}
CALL: dict[str, Any] = {
    "submission": {"reference": "F-1", "completed_at": "2026-11-24T09:15:00+01:00", "attempt": 1},
    "answers": {
        "what_happened": "My bin\r\nwas missed.",
        "first_name": "Sam",
        "last_name": "Ng",
        "email": "sam@residents.example",
        "postcode": "ex1 1aa",
        "language": "CY",
        "colours": ["green", "brown"],
        "again": True,
    },
    "uploads": [{"url": "https://files.vendor.example/1"}],
}


def hook(**others: Any) -> InboundWebhook:
    """The hook under test."""
    settings = inbound_webhook.Settings.model_validate({**TABLE, **others})
    return inbound_webhook.build("bins-form", settings)


def called(hook: InboundWebhook, body: bytes) -> tuple[Inbound, ...]:
    """What it makes of a call that is signed."""
    signature = hmac.digest(SECRET.encode(), body, hashlib.sha256).hex()
    return hook.open(RawRequest({"x-signature": signature}, body)).messages


def read(content: Any, **others: Any) -> Inbound:
    """What it makes of a form."""
    (inbound,) = called(hook(**others), json.dumps(content).encode())
    return inbound


def changed(**answers: Any) -> dict[str, Any]:
    """The form with other answers."""
    return deepcopy(CALL) | {"answers": CALL["answers"] | answers}


def test_a_form_is_read_as_the_configuration_says() -> None:
    """Who wrote, what, when, and further answers below it; nothing proves the address."""
    answers = {"Colour of the bin": "/answers/colours", "Has it happened before?": "/answers/again", "No": "/none"}
    inbound = read(CALL, answers=answers)
    assert inbound.text == (
        "My bin\nwas missed.\n\nColour of the bin: green\nbrown\nHas it happened before?: yes\n"
        "Files, which we have not fetched: https://files.vendor.example/1"
    )
    assert (inbound.sender, inbound.told_by) == (Party("sam@residents.example", "Sam Ng"), "us")
    assert inbound.received_at == datetime(2026, 11, 24, 8, 15, tzinfo=UTC)
    assert (inbound.external_id, inbound.unproven, inbound.visibility) == ("id:F-1", True, "private")
    assert inbound.fields == {
        "form": "bins-form",
        "name": "Sam Ng",
        "email": "sam@residents.example",
        "postcode": "EX1 1AA",
        "language": "cy",
    }
    assert json.loads(inbound.raw) == CALL
    assert isinstance(hook(), Hook)
    assert isinstance(hook(), Rereader)


def test_a_call_that_is_repeated_is_the_same_message() -> None:
    """Also where the vendor counts its attempts in it; other words under the same number are not."""
    again = deepcopy(CALL)
    again["submission"]["attempt"] = 2
    first, second, third = read(CALL), read(again), read(changed(what_happened="Now the other one."))
    assert (first.external_id, first.digest) == (second.external_id, second.digest)
    assert third.external_id == first.external_id
    assert third.digest != first.digest


@pytest.mark.parametrize(
    ("answers", "others", "sender", "told_by"),
    [
        ({"email": "", "phone": "01632 960 001"}, {}, "tel:+441632960001", "staff"),
        ({"email": "", "phone": "01632 960 001"}, {"texts_by": "texts"}, "tel:+441632960001", "us"),
        ({"email": "sam at home", "phone": ""}, {}, None, "staff"),
        ({"email": None}, {}, None, "at once"),
    ],
)
def test_whoever_left_no_email_address_is_a_contact_all_the_same(
    answers: dict[str, Any], others: dict[str, Any], sender: str | None, told_by: str
) -> None:
    """By text message where that can be, else staff must act; without any way the vendor's page was the receipt."""
    inbound = read(changed(**answers), **others)
    assert (inbound.sender.address if inbound.sender else None, inbound.told_by) == (sender, told_by)
    assert inbound.fields["form"] == "bins-form"
    assert ("as it was typed: sam at home" in inbound.text) == (answers["email"] == "sam at home")


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("answers", "what_happened"), None, "without words at /answers/what_happened or /answers/more"),
        (("answers", "what_happened"), " \u200b\x00", "without words"),
        (("answers", "what_happened"), {"text": "x"}, "several answers at /answers/what_happened"),
        (("answers", "first_name"), {"value": "Sam"}, "several answers at /answers/first_name"),
        (("submission", "reference"), "", "without an id of up to 300 characters at /submission/reference"),
        (("submission", "reference"), "9" * 301, "without an id"),
        (("submission", "completed_at"), "24/11/2026", "without an instant and its offset"),
        (("submission", "completed_at"), "2026-11-24T09:15:00", "without an instant and its offset"),
        (("submission",), [], "without an id"),
    ],
)
def test_a_form_of_another_shape_is_kept_for_a_person(path: tuple[str, ...], value: Any, words: str) -> None:
    """Whole and with the reason; once the configuration is put right it can be read again."""
    content: dict[str, Any] = deepcopy(CALL)
    place = content
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    inbound = read(content)
    assert not inbound.is_understood
    assert words in inbound.fault
    assert json.loads(inbound.raw) == json.loads(json.dumps(content))
    with pytest.raises(ValueError, match=r"^a form "):
        list(hook().reread(inbound.raw))
    mended = hook(fields={"id": "/uploads/0/url", "message": "/answers/postcode"})
    assert [message.text for message in mended.reread(inbound.raw)] == ["ex1 1aa"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b"1" * 5_000])
def test_what_is_no_form_at_all_is_never_forgotten(body: bytes) -> None:
    """A proven call that is no JSON is `Permanent`, which is kept whole; so is JSON without what it should hold."""
    try:
        (inbound,) = called(hook(), body)
    except Permanent:
        return
    assert not inbound.is_understood


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-signature": ""},
        {"x-signature": "sha256="},
        {"x-signature": "é"},
        {"x-signature": hmac.digest(b"another secret", b"{}", hashlib.sha256).hex()},
        {"x-other": hmac.digest(SECRET.encode(), b"{}", hashlib.sha256).hex()},
        {"authorization": f"Bearer {SECRET}"},
    ],
)
def test_who_cannot_sign_is_turned_away(headers: dict[str, str]) -> None:
    """Before anything is read; the error has nothing of the call."""
    with pytest.raises(Forged, match=r"^channel bins-form: a call without the right x-signature$"):
        hook().open(RawRequest(headers, b"{}"))


@pytest.mark.parametrize("prefix", ["", "sha256="])
def test_a_signature_may_be_written_in_hex_or_base64(prefix: str) -> None:
    """In a header of the vendor's choice, in capitals or not."""
    body = json.dumps(CALL).encode()
    digest = hmac.digest(SECRET.encode(), body, hashlib.sha256)
    vendor = hook(signature_header="X-Vendor-Signature")
    for signature in (digest.hex(), digest.hex().upper(), base64.b64encode(digest).decode()):
        assert vendor.open(RawRequest({"x-vendor-signature": f"{prefix}{signature}"}, body)).messages
    with pytest.raises(Forged):
        vendor.open(RawRequest({"x-vendor-signature": digest.hex()}, body + b" "))


async def test_a_token_may_be_shown_instead() -> None:
    """That one alone, whatever the case of the word before it (RFC 9110 section 11.1)."""
    vendor, body = hook(secret=None, bearer="a token of the vendor's"), json.dumps(CALL).encode()
    assert vendor.open(RawRequest({"authorization": "bearer a token of the vendor's"}, body)).messages
    for header in ("Bearer a token", "Bearer ", "Basic a token of the vendor's", "a token of the vendor's", ""):
        with pytest.raises(Forged):
            vendor.open(RawRequest({"authorization": header}, body))
    assert await vendor.check() == "it waits for calls at /hooks/bins-form, each with the right bearer token"


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": None},
        {"bearer": "a token of the vendor's"},
        {"secret": "short"},
        {"fields": {"message": "/x"}},
        {"fields": {"id": "/x"}},
        {"fields": {"id": "/x", "message": []}},
        {"fields": {"id": "x", "message": "/y"}},
        {"fields": {"id": "/x", "message": "/y", "other": "/z"}},
        {"answers": {"": "/x"}},
        {"signature_header": "X Signature"},
    ],
)
def test_what_cannot_be_meant_is_refused(wrong: dict[str, Any]) -> None:
    """No proof or two, a secret that can be guessed, no number, no words, no pointer."""
    with pytest.raises(ValidationError):
        inbound_webhook.Settings.model_validate({**TABLE, **wrong})


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(answers=st.dictionaries(st.sampled_from([*CALL["answers"], "more", "phone", "subject", "service"]), ANYTHING))
def test_whatever_is_filled_in_is_one_message(answers: dict[str, Any]) -> None:
    """Nothing that anybody can send breaks the reading, and no field can begin a line of its own."""
    inbound = read(changed(**answers))
    assert inbound.raw
    assert not any(character in value for value in inbound.fields.values() for character in "\r\n\x00")


def test_a_very_long_message_is_kept_whole_and_shown_in_part() -> None:
    """Staff are told so."""
    inbound = read(changed(what_happened="word " * 30_000))
    assert len(inbound.text) == inbound_webhook.TEXT_LIMIT
    assert inbound.fault.startswith("Only the first 100,000 characters are shown.")
    assert len(inbound.raw) > 150_000
