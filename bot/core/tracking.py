"""The signed address of the page on which a person sees where their message is: `/track/REFERENCE/KEY`.

The key is 128 bits of an HMAC over the contact and its generation, so that it cannot be guessed; nothing of the person
stands in it. A new generation makes every earlier link end.
"""

import base64
import hashlib
import hmac

from bot.core.subkeys import Use, subkey

KEY_LENGTH = 26
_KEY_BYTES = 16


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
