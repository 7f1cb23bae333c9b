"""Keys for single uses, derived from the secret of the installation: what one use reveals is of no help in another."""

import hashlib
import hmac
from enum import StrEnum
from functools import lru_cache


class Use(StrEnum):
    """What a derived key is for. A value never changes: everything that was signed with its key would be void."""

    FORM = "form of the website"
    AUDIT = "chain of the events"
    ADDRESSES = "addresses of ours that answers and bounces come to"
    CONSOLE_FORMS = "forms of the console"
    SIGN_IN_FORM = "form to sign in with"
    CONSOLE_WORDS = "words that the next page of the console shows"
    ALERT_LINKS = "links in alerts"
    # Also proves, by a key derived from it, what is left of forgotten events.
    FORGOTTEN_NAMES = "names of messages that are forgotten"
    DEVICE = "devices of staff"
    THROTTLE = "keys of throttles"
    SECOND_FACTOR = "second factors of staff"
    RECOVERY = "recovery codes of staff"
    SECOND_STEP = "second step of a sign-in"
    MAILBOX = "mailbox that receipts go to"
    ACCOUNT_TOKENS = "tokens of accounts on platforms"
    TRACKING = "pages on which people see where their message is"


@lru_cache(maxsize=64)
def subkey(secret: bytes, use: Use) -> bytes:
    """Return the 32 bytes for one use (RFC 5869 section 2.3, one block of HKDF-Expand with SHA-256)."""
    return hmac.new(secret, f"ackbot {use}".encode() + b"\x01", hashlib.sha256).digest()
