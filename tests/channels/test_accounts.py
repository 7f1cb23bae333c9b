"""The contract of every account: what is said in private and in public, what staff answer, what it says of itself."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.commands import app
from tests.channels.accounts import answered, beside, listening, stored
from tests.components.ports import wait_until
from tests.components.service import Service
from tests.peers.every import PEERS
from tests.peers.peer import Peer

REFERENCE = re.compile(r"EX-[0-9A-Z]{4}-[0-9A-Z]{4}")


@pytest.fixture(params=PEERS, ids=lambda kind: kind.kind)
def peer(request: pytest.FixtureRequest) -> Iterator[Peer]:
    """Each platform in turn."""
    with request.param() as running:
        yield running


@pytest.fixture
def service(peer: Peer, tmp_path: Path) -> Iterator[Service]:
    """The service beside it."""
    yield from beside(peer, tmp_path)


def test_an_account_keeps_its_contract(peer: Peer, service: Service) -> None:
    """From the first message to the answer, and what `check --live` says on the way."""
    listening(service, peer)
    _a_private_thread(peer, service)
    if peer.has_public:
        _in_public(peer, service)
    _what_it_says_of_itself(peer, service)


def _a_private_thread(peer: Peer, service: Service) -> None:
    """One contact, one receipt with a reference and a date; an answer of staff's ends it, and is told from ours."""
    peer.write("alice", "The bin at 4 Mill Lane was missed.")
    (receipt,) = answered(peer, "alice")
    assert REFERENCE.search(receipt)
    assert re.search(r"\d{1,2} \w+ 20\d\d", receipt)
    assert "automatic" in receipt
    peer.write("alice", "And the one next door, too.")
    wait_until(lambda: stored(service, "messages") == 2, what="the second")
    (contact,) = service.contacts()
    assert (contact["state"], contact["channel"]) == ("open", peer.kind)
    show = ["contacts", "show", contact["reference"], "--config", str(service.config)]
    assert "kind: message" in CliRunner().invoke(app, show, env=service.environment).stdout
    wait_until(lambda: service.acknowledged() == 1, what="the record of the receipt")
    if peer.staff_program:
        peer.staff_answer("alice", "The crew comes tomorrow. Please leave it where it is.")
    else:
        service.command("contacts", "respond", contact["reference"])
    wait_until(lambda: service.contacts()[0]["state"] == "answered", what="the answer to be seen")
    assert [one for one in peer.answers_to("alice") if "automatic" in one] == [receipt]


def _in_public(peer: Peer, service: Service) -> None:
    """Fixed words without a reference; the second mention of the same person has no answer of its own."""
    peer.write("bob", "There is a hole in the road!", public=True)
    (told,) = answered(peer, "bob")
    assert not REFERENCE.search(told)
    assert "hole" not in told
    peer.write("bob", "And another!", public=True)
    peer.write("carol", "Here, too!", public=True)
    answered(peer, "carol")
    wait_until(lambda: service.acknowledged() == 4, what="four contacts with a receipt")
    assert len(peer.answers_to("bob")) == 1


def _what_it_says_of_itself(peer: Peer, service: Service) -> None:
    """All is covered as far as the platform lets it be; a token that is refused is named, and red."""
    check = ["check", "--live", "--config", str(service.config)]
    good = CliRunner().invoke(app, check, env=service.environment)
    assert f"{peer.kind}: coverage {peer.best_coverage}" in good.stdout
    peer.trouble.refused = True
    bad = CliRunner().invoke(app, check, env=service.environment)
    assert bad.exit_code == 1
    assert f"channel {peer.kind}" in bad.stderr
