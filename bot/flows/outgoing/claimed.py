"""What was taken from the outbox to be sent now."""

from dataclasses import dataclass

from bot.core.contacts import Contact
from bot.core.deliveries import Delivery
from bot.core.files import File


@dataclass(frozen=True, slots=True)
class Claimed:
    """One delivery to send now, with its contact as it stands at this moment and, for a digest, its list.

    `claim` is the name of the claim that took it. `joined` are others that leave in the same message, `files` those of
    an answer of staff's. `to_make` are the contacts of a digest of which a message is to be made into a format.
    """

    delivery: Delivery
    contact: Contact | None = None
    listed: tuple[Contact, ...] = ()
    claim: str | None = None
    joined: tuple["Claimed", ...] = ()
    files: tuple[File, ...] = ()
    to_make: tuple[Contact, ...] = ()
