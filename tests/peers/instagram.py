"""Instagram, which speaks like Messenger: developers.facebook.com/docs/instagram-platform.

Rules: echoes come among the messages and bear no app's mark; a text has at most 1,000 bytes; a mention in a comment
comes as a call with the ids alone, a comment under an own post with its words and its writer.
"""

from tests.peers.facebook import FacebookPeer
from tests.peers.meta import Values


class InstagramPeer(FacebookPeer):
    """One professional account."""

    kind = "instagram"
    subject = "instagram"
    own = "178400000000001"
    longest = 1000
    key = "account_id"
    has_public = False

    def _echoed(self, person: str, message: Values) -> str:
        unmarked = {key: value for key, value in message.items() if key not in ("app_id", "metadata")}
        mid = super()._echoed(person, unmarked)
        self.messages[-1] |= message
        return mid
