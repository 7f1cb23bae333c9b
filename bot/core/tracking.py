"""The signed address of the page on which a person sees where their message is: `/track/REFERENCE/KEY`.

The key is 128 bits of an HMAC over the contact and its generation, so that it cannot be guessed; nothing of the person
stands in it. A new generation makes every earlier link end.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.contacts import Contact, State
from bot.core.subkeys import Use, subkey

KEY_LENGTH = 26
_KEY_BYTES = 16
_ADDRESS = re.compile(rf"/track/[A-Z]{{2,4}}-\w{{4}}-\w{{4}}/[a-z2-7]{{{KEY_LENGTH}}}(?!\w)", re.ASCII)
# Nobody's page ends sooner after the end of the contact, for however short a time it can be opened again.
FEWEST_DAYS = 28
# Of kinds like these nothing may be read by somebody else who opens the person's mail.
QUIET_KINDS = frozenset({"safeguarding", "domestic-abuse", "hate-crime"})


@dataclass(frozen=True, slots=True)
class TrackingRules:
    """What the pages of people show: of `quiet_kinds`, and of what is urgent, nothing but how to call us.

    A page lasts while the contact is open, and for `lasts` after its end.
    """

    quiet_kinds: frozenset[str] = QUIET_KINDS
    lasts: timedelta = timedelta(FEWEST_DAYS)

    def is_quiet(self, contact: Contact) -> bool:
        """Tell whether the page says nothing of the contact."""
        return bool(contact.urgent) or contact.kind in self.quiet_kinds

    def why_not(self, contact: Contact, finished_at: datetime | None, now: datetime) -> str:
        """Return why the contact has no page at `now`, in words for staff; "" where it has.

        `finished_at` is when it was answered or closed, None while it is open.
        """
        reasons = {
            "its words are gone": contact.forgotten,
            "it goes on in another contact": contact.merged_into is not None,
            "what was written is public": contact.visibility == "public",
            "nothing is owed to anybody": contact.state == State.LOGGED,
            "it ended too long ago": finished_at is not None and now > finished_at + self.lasts,
        }
        return next((reason for reason, is_so in reasons.items() if is_so), "")


def key(contact_id: int, reference: str, generation: int, secret: bytes) -> str:
    """Return the last part of the address: 26 small letters and digits, which survive being typed."""
    content = f"{contact_id} {reference} {generation}".encode()
    digest = hmac.digest(subkey(secret, Use.TRACKING), content, hashlib.sha256)
    return base64.b32encode(digest[:_KEY_BYTES]).decode().rstrip("=").lower()


def is_key(text: str, contact_id: int, reference: str, generation: int, secret: bytes) -> bool:
    """Tell whether this is the key of the contact, in a time that does not tell how much of it is right."""
    own = key(contact_id, reference, generation, secret)
    return hmac.compare_digest(text.strip().lower().encode("utf-8", "replace"), own.encode())


def path(contact_id: int, reference: str, generation: int, secret: bytes) -> str:
    """Return what follows `/track/` in the address."""
    return f"{reference}/{key(contact_id, reference, generation, secret)}"


def masked(text: str) -> str:
    """Return a text without the keys in it, for whoever reads what was sent to somebody."""
    return _ADDRESS.sub("/track", text)
