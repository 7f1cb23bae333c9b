"""What tells a form that a person filled in from one that a program sent: the time it took, and a field nobody sees.

Neither is a reason to refuse anything: staff look at what has the marks of a program. A page may lie open for days.
"""

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.core.subkeys import Use, subkey

# A person has to read the page, name an address and write; programs that fill in the fields by themselves, as
# those of browsers do, still need somebody to write the message.
SOONEST = timedelta(seconds=3)
# The field that people do not see; programs fill in whatever is called so. No browser fills it in by itself.
TRAP = "website"
_MAC_LENGTH = 32


def stamp(token: str, now: datetime, secret: bytes) -> str:
    """Return when the page of this token was shown, signed, as `seconds.mac`."""
    seconds = str(int(now.timestamp()))
    return f"{seconds}.{_mac(token, seconds, secret)}"


def is_by_program(fields: Mapping[str, str], now: datetime, secret: bytes) -> bool:
    """Tell whether a program seems to have sent these fields: too soon, not from a page of ours, or with the trap."""
    seconds, _, mac = fields["shown"].partition(".")
    own_mac = _mac(fields["token"], seconds, secret)
    if fields[TRAP] or not hmac.compare_digest(mac.encode("utf-8", "replace"), own_mac.encode()):
        return True
    # The seconds are our own, as they were signed.
    return now.timestamp() - int(seconds) < SOONEST.total_seconds()


def _mac(token: str, seconds: str, secret: bytes) -> str:
    words = f"{token} {seconds}".encode("utf-8", "replace")
    return hmac.new(subkey(secret, Use.FORM), words, "sha256").hexdigest()[:_MAC_LENGTH]
