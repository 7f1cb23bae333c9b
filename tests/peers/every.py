"""Every platform that there is a peer of."""

from tests.peers.mastodon import MastodonPeer
from tests.peers.peer import Peer

PEERS: tuple[type[Peer], ...] = (MastodonPeer,)
