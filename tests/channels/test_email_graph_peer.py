"""The peer that stands for Microsoft Graph, tried by a client that is not ours."""

import json
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from tests.channels.mailbox import mail
from tests.components import o365
from tests.components.ports import PATIENCE_SECONDS
from tests.peers.entra import CLIENT, SECRET, TENANT
from tests.peers.graph import MAILBOX, GraphPeer
from tests.peers.peer import now

SCRIPT = Path(o365.__file__).with_name("o365_client.py")


@pytest.mark.needs("o365")
def test_o365_reads_and_sends_by_the_peer() -> None:
    """Its folders, its pages of messages, their MIME, and a mail with a copy: as it would by Microsoft's own."""
    with GraphPeer() as peer:
        for number in range(7):
            peer.put(mail(number), at=now() - timedelta(minutes=10 - number))
        call = [str(o365.PYTHON), str(SCRIPT), peer.base, MAILBOX, TENANT, CLIENT, SECRET]
        result = subprocess.run(call, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
        assert result.returncode == 0, result.stderr[-3000:]
        listing = json.loads(result.stdout)
        assert {"Inbox", "Junk Email", "Sent Items"} <= set(listing["folders"])
        assert listing["subjects"] == [str(number) for number in reversed(range(7))]
        assert listing["senders"][0] == "pat6@example.test"
        assert listing["mime"].encode() == mail(6)
        assert (listing["accepted"], listing["sent"]) == (True, ["By O365"])
        assert len(peer.sent) == 1
