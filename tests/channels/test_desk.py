"""The desk turns what was taken down into a message, or says what to put right."""

from datetime import UTC, datetime

import pytest

from bot.core.messages import Inbound, Party
from channels.desk import Faults, Settings, build

AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
TEXTING = build("desk", Settings(name="desk", kind="desk", texts_by="notify"))
PLAIN = build("desk", Settings(name="desk", kind="desk"))


@pytest.mark.parametrize(
    ("fields", "sender", "told_by"),
    [
        ({"email": "a@b.example", "phone": "01632 960 001"}, Party("a@b.example", "Sam"), "us"),
        ({"phone": "01632 960 001"}, Party("tel:+441632960001", "Sam"), "us"),
        ({"phone": "01632 960 001", "prefers": "told"}, Party("tel:+441632960001", "Sam"), "at once"),
        (
            {"email": "a@b.example", "phone": "01632 960 001", "prefers": "text"},
            Party("tel:+441632960001", "Sam"),
            "us",
        ),
        ({"email": "a@b.example", "prefers": "letter"}, Party("a@b.example", "Sam"), "staff"),
        ({"phone": "01632 960 001", "prefers": "phone"}, Party("tel:+441632960001", "Sam"), "staff"),
        ({}, None, "staff"),
    ],
)
def test_the_person_hears_of_it_as_they_prefer(fields: dict[str, str], sender: Party | None, told_by: str) -> None:
    """By mail, by text message, at once, or by staff."""
    record = TEXTING.record({"name": "Sam", "text": "A hole."} | fields, "key", AT)
    assert isinstance(record, Inbound)
    assert (record.sender, record.told_by) == (sender, told_by)


def test_without_text_messages_staff_tell_whoever_has_only_a_telephone() -> None:
    """Nothing is promised that cannot be sent."""
    record = PLAIN.record({"text": "A hole.", "phone": "01632 960 001"}, "key", AT)
    assert isinstance(record, Inbound)
    assert record.told_by == "staff"
    assert record.fields["prefers"] == "phone"


def test_a_letter_is_what_is_left_for_whoever_gave_only_an_address() -> None:
    """Where nothing is known nothing is said of how they would hear."""
    letter, nothing = (PLAIN.record({"text": "x"} | more, "key", AT) for more in ({"address": "1 High Street"}, {}))
    assert isinstance(letter, Inbound)
    assert isinstance(nothing, Inbound)
    assert letter.fields["prefers"] == "letter"
    assert "prefers" not in nothing.fields


def test_the_same_key_is_the_same_message_and_another_is_another() -> None:
    """Two calls in the same words are two contacts; one that is sent twice is one."""
    first, repeat, second = (PLAIN.record({"text": "Help"}, key, AT) for key in ("a", "a", "b"))
    assert isinstance(first, Inbound)
    assert isinstance(second, Inbound)
    assert first == repeat
    assert (first.external_id, first.digest) != (second.external_id, second.digest)
    assert first.medium == "phone"


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"text": " \N{ZERO WIDTH SPACE}"}, {"text"}),
        ({"text": "x" * 50_001}, {"text"}),
        ({"text": "x", "email": "nobody"}, {"email"}),
        ({"text": "x", "phone": "12"}, {"phone"}),
        ({"text": "x", "how": "pigeon"}, {"how"}),
        ({"text": "x", "prefers": "pigeon"}, {"prefers"}),
        ({"text": "x", "prefers": "email"}, {"prefers"}),
        ({"text": "x", "prefers": "text"}, {"prefers"}),
        ({"text": "", "name": "x" * 201, "subject": "x" * 201}, {"text", "name", "subject"}),
    ],
)
def test_every_fault_is_named(fields: dict[str, str], wrong: set[str]) -> None:
    """All at once, each with what to do."""
    refusal = PLAIN.record(fields, "key", AT)
    assert isinstance(refusal, Faults)
    assert {field for field, _ in refusal.faults} == wrong
