"""Codes of a second factor: time-based ones of an app (TOTP, RFC 6238), and recovery codes for when it is lost.

The secret of the app must be read to check a code, so it is stored encrypted and not as a hash, under a key of the
configuration: a copy of the store gives no codes.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime

PERIOD_SECONDS = 30
DIGITS = 6
RECOVERY_CODES = 10
# Clocks of telephones differ from ours: the code before and the one after is taken, too (RFC 6238 section 5.2).
_DRIFT_STEPS = (0, -1, 1)
_RECOVERY_BYTES = 10


def new_secret() -> str:
    """Return a secret for an app, as people can type it (base32)."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def is_secret(text: str) -> bool:
    """Tell whether this is what `new_secret` makes."""
    return len(text) == 32 and text.isascii() and set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")


def seal(secret: str, key: bytes) -> str:
    """Return the secret encrypted, to be stored."""
    from cryptography.fernet import Fernet  # noqa: PLC0415 - imported by whoever has a second factor

    return Fernet(base64.urlsafe_b64encode(key)).encrypt(secret.encode()).decode()


def unseal(sealed_secret: str, key: bytes) -> str:
    """Return the secret, "" where it was encrypted under another key."""
    from cryptography.fernet import Fernet, InvalidToken  # noqa: PLC0415

    try:
        return Fernet(base64.urlsafe_b64encode(key)).decrypt(sealed_secret.encode()).decode()
    except InvalidToken:
        return ""


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """Return the step of time whose code this is, None for a code that is not right now."""
    import pyotp  # noqa: PLC0415

    digits = "".join(code.split())
    if not (len(digits) == DIGITS and digits.isascii() and digits.isdecimal() and is_secret(secret)):
        return None
    totp, present = pyotp.TOTP(secret, digits=DIGITS, interval=PERIOD_SECONDS), int(now.timestamp()) // PERIOD_SECONDS
    steps = [present + drift for drift in _DRIFT_STEPS]
    return next((step for step in steps if hmac.compare_digest(totp.generate_otp(step), digits)), None)


def picture(secret: str, account: str, organisation: str) -> str:
    """Return the QR code that an app reads, as an SVG image to be written into a page."""
    import pyotp  # noqa: PLC0415
    import segno  # noqa: PLC0415

    address = pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=organisation)
    return segno.make(address, error="m", micro=False).svg_inline(
        svgclass="code", omitsize=True, dark="#000", light="#fff"
    )


def new_recovery_codes() -> list[str]:
    """Return codes to be kept on paper, each with 80 random bits."""
    return [_in_groups(secrets.token_bytes(_RECOVERY_BYTES)) for _ in range(RECOVERY_CODES)]


def recovery_digest(code: str, key: bytes) -> str:
    """Return what is stored of a recovery code, however somebody typed it."""
    plain = "".join(c for c in code.upper() if c.isalnum())
    return hmac.new(key, plain.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _in_groups(octets: bytes) -> str:
    text = base64.b32encode(octets).decode()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))
