"""What came on a platform is named in words, and nothing is fetched."""

import json

import pytest

from bot.core.messages import StoredMessage
from bot.flows.desk.enclosed import Enclosed, enclosed
from tests.flows.conftest import NOW


def message(**fields: str) -> StoredMessage:
    """A message of a platform of which this is known besides its words."""
    names = dict.fromkeys(("external_id", "message_id", "digest", "text", "fault"), "")
    facts = {"id": 1, "contact_id": 1, "channel": "whatsapp", "received_at": NOW, "sender_address": None}
    return StoredMessage(**names, **facts, fields=json.dumps(fields), written_by="sender")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("holds", "raw", "words"),
    [
        ("", b"", ()),
        ("voice", b'{"voice": {"duration": 12, "file_id": "x"}}', ("a voice note of 12 seconds",)),
        ("voice", b'{"message": {"voice": {"duration": 1}}}', ("a voice note of 1 second",)),
        ("voice", b'{"audio": {"voice": true}}', ("a voice note",)),
        ("document", b'{"document": {"filename": "plan.pdf"}}', ("a file, “plan.pdf”",)),
        ("image, location", b"{}", ("a picture", "a place")),
        ("something new", b"not json", ("something new",)),
        ("voice", b"[" * 100_000, ("a voice note",)),
        ("video", b'{"video": {"duration": "long"}}', ("a video",)),
    ],
)
def test_what_came_is_in_words(holds: str, raw: bytes, words: tuple[str, ...]) -> None:
    """How long it lasts and what it is called, where the platform says so; what is new to us by its own name."""
    assert enclosed(message(holds=holds), raw) == Enclosed(words)


def test_a_link_leads_to_the_platform_and_runs_nothing() -> None:
    """Only an address of the web is ever a link."""
    assert enclosed(message(link="https://t.me/council/7"), b"").link == "https://t.me/council/7"
    assert enclosed(message(link="javascript:x()"), b"").link == ""
