"""The service as a process beside a platform's peer, for the contract that every account keeps."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.components.ports import wait_until
from tests.components.service import Service, ask
from tests.peers.peer import Peer

POST = """
[[channel]]
name = "post"
kind = "loopback"
directory = "sent"
sender = "Exampleshire Council <customer.services@example.gov.uk>"
"""


def beside(peer: Peer, folder: Path) -> Iterator[Service]:
    """The service with this one account, not started yet. At the end nothing may be shunted."""
    service = Service(folder, [peer.table(), POST])
    service.environment |= peer.environment()
    peer.hook = f"http://127.0.0.1:{service.web_port}/hooks/{peer.kind}"
    yield service
    if service.running:
        assert stored(service, "shunted") == 0, service.words()
    service.kill()


def listening(service: Service, peer: Peer) -> Service:
    """Started, and through its first look: what is written from now on is new."""
    service.start()
    if peer.polls:
        up = re.compile(r'^ackbot_channel_up\{channel="\w+"\} 1', re.MULTILINE)
        wait_until(lambda: up.search(service.get("/metrics")[1]) is not None, what="the channel")
    return service


def stored(service: Service, table: str) -> int:
    """How many rows there are."""
    return int(ask(service.store_url, f"SELECT count(*) FROM {table}")[0][0])  # noqa: S608


def answered(peer: Peer, person: str, count: int = 1) -> list[str]:
    """What the person has been told, once there is so much of it."""
    wait_until(lambda: len(peer.answers_to(person)) >= count, what=f"{count} answers to {person}")
    return peer.answers_to(person)
