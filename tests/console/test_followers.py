"""Webhooks out: a system of the organisation's own is told what happens, once each, through failures and restarts."""

import base64
import json
import os
import re
import subprocess
from pathlib import Path

from standardwebhooks import Webhook
from typer.testing import CliRunner

from bot.cli.commands import app
from tests.components.ports import wait_until
from tests.components.receiver import Receiver
from tests.conftest import Needs
from tests.console.conftest import House, house_in, run

FOLLOWER = """
[[channel]]
name = "crm"
kind = "webhook"
url = "http://127.0.0.1:{port}/hook"
secret = "{secret}"
follows = ["logged", "responded"]
"""
# The calls that the manual shows for whoever has missed something.
MANUAL = Path(__file__).parents[2] / "docs" / "channels.md"
SECTION = MANUAL.read_text(encoding="utf-8").partition("\n## webhook")[2].partition("\n## ")[0]
REPLAY, PAGES_READ = (block for block in re.findall(r"(?:^ {4}.*\n)+", SECTION, re.MULTILINE) if "curl" in block)
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


def test_a_follower_is_told_once_and_without_words(needs: Needs, tmp_path: Path) -> None:
    """Only the kinds that it follows, signed, tried again after a failure; again where it asks; no word of a person."""
    needs("curl")
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
            typed(PAGES_READ, house, house.tokens["reading"])
            typed(REPLAY.replace("4711", "0"), house, house.tokens["reading"])
            wait_until(lambda: len(_events(crm)) == 4, what="both events again")
            assert "sees some teams only" in typed(REPLAY, house, house.tokens["housing"], status=22)
            assert "No webhook" in typed(REPLAY.replace("/crm/", "/post/"), house, house.tokens["reading"], status=22)
            command = ["webhook", "replay", "crm", "--after", "0", "--json"]
            assert json.loads(run(house.service, *command))["name"] == "crm"
            wait_until(lambda: len(_events(crm)) == 6, what="both events once more")
            command = ["webhook", "replay", "post", "--after", "0", "--config", str(house.service.config)]
            answer = CliRunner().invoke(app, command, env=house.service.environment)
            assert (answer.exit_code, "no webhook with follows is named post" in answer.output) == (1, True)
        for call in crm.calls:
            Webhook(SECRET).verify(call.body, call.headers)
            assert b"secret" not in call.body
            assert b"private" not in call.body
        assert sorted((event["kind"], event["reference"]) for event in _events(crm).values()) == [
            *[("logged", reference)] * 3,
            *[("responded", reference)] * 3,
        ]


def typed(command: str, house: House, token: str, status: int = 0) -> str:
    """What a shell answers to a call of the manual."""
    own = command.replace("https://contact.example.gov.uk", f"http://127.0.0.1:{house.service.web_port}")
    shell = subprocess.run(
        ["bash", "-c", own], env=os.environ | {"TOKEN": token}, capture_output=True, text=True, check=False
    )
    assert shell.returncode == status, shell.stderr
    return shell.stdout


def _events(crm: Receiver) -> dict[str, dict[str, str]]:
    events = [json.loads(call.body) for call in crm.calls]
    assert {event["type"] for event in events} <= {"ackbot.event.v1"}
    return {event["id"]: event["data"] for event in events}
