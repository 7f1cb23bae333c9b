"""Every platform that there is a peer of."""

from tests.peers.bluesky import BlueskyPeer
from tests.peers.facebook import FacebookPeer
from tests.peers.graph import GraphPeer
from tests.peers.instagram import InstagramPeer
from tests.peers.mastodon import MastodonPeer
from tests.peers.notify_texts import NotifyTextsPeer
from tests.peers.peer import Peer
from tests.peers.telegram import CalledTelegramPeer, TelegramPeer
from tests.peers.whatsapp import WhatsAppPeer
from tests.peers.x import XPeer

PEERS: tuple[type[Peer], ...] = (
    *(BlueskyPeer, FacebookPeer, GraphPeer, InstagramPeer, MastodonPeer),
    *(TelegramPeer, CalledTelegramPeer, WhatsAppPeer, XPeer),
    NotifyTextsPeer,
)
