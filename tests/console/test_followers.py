"""Webhooks out: a system of the organisation's own is told what happens, once each, through failures and restarts."""

import base64
import json
from pathlib import Path

from standardwebhooks import Webhook

from tests.components.ports import wait_until
from tests.components.receiver import Receiver
from tests.console.conftest import house_in

FOLLOWER = """
[[channel]]
name = "crm"
kind = "webhook"
url = "http://127.0.0.1:{port}/hook"
secret = "{secret}"
follows = ["logged", "responded"]
"""
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


def test_a_follower_is_told_once_and_without_words(tmp_path: Path) -> None:
    """Only the kinds that it follows, signed, tried again after a failure; nothing that the person wrote."""
    with Receiver() as crm:
        crm.answers = [503]
        house = house_in(tmp_path, FOLLOWER.format(port=crm.port, secret=SECRET))
        with house.service:
            reference = house.contact("My secret words.", subject="A secret")
            house.call("POST", f"/api/v1/contacts/{reference}/pause", {"note": "private"})
            house.call("POST", f"/api/v1/contacts/{reference}/resume", {})
            house.service.kill()
            house.service.start()
            house.call("POST", f"/api/v1/contacts/{reference}/respond", {})
            wait_until(lambda: len(_events(crm)) == 2, what="both events")
        for call in crm.calls:
            Webhook(SECRET).verify(call.body, call.headers)
            assert b"secret" not in call.body
            assert b"private" not in call.body
        assert sorted((event["kind"], event["reference"]) for event in _events(crm).values()) == [
            ("logged", reference),
            ("responded", reference),
        ]


def _events(crm: Receiver) -> dict[str, dict[str, str]]:
    events = [json.loads(call.body) for call in crm.calls]
    assert {event["type"] for event in events} <= {"ackbot.event.v1"}
    return {event["id"]: event["data"] for event in events}
