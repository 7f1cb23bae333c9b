"""What came on a platform and is not here is named in words."""

import json

import pytest

from bot.core.files import File
from bot.core.messages import StoredMessage
from bot.core.remote_files import State
from bot.flows.desk.enclosed import Enclosed, enclosed
from bot.store.remote_files import Stand
from bot.wire.bundles import with_file
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


def test_a_file_is_named_as_it_stands() -> None:
    """What is here is not named, what comes is, and of what is not here it says why; the rest stays on its platform."""
    files = [
        Stand("image", "", State.KEPT, ""),
        Stand("voice", "", State.WAITING, "no answer"),
        Stand("document", "a/plan.pdf", State.LOST, "its link has run out"),
    ]
    raw = with_file(b'{"voice": {"duration": 2}}', File("a.jpg", b"x"))
    whole = enclosed(message(holds="photo, voice, document, location"), raw, files)
    missing = (("a file, “plan.pdf”", "its link has run out"),)
    assert whole == Enclosed(("a place",), "", ("a voice note",), missing)
    assert enclosed(message(holds="voice"), raw).words == ("a voice note of 2 seconds",)


def test_a_link_leads_to_the_platform_and_runs_nothing() -> None:
    """Only an address of the web is ever a link."""
    assert enclosed(message(link="https://t.me/council/7"), b"").link == "https://t.me/council/7"
    assert enclosed(message(link="javascript:x()"), b"").link == ""
