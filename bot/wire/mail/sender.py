"""A setting: the sender of outgoing mail, with or without a display name."""

import re
from typing import Annotated

from pydantic import AfterValidator

from bot.wire.mail.smtp_connection import on_envelope

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_OWN_ADDRESS = re.compile(rf"[\w.!#$%&'*+/=?^`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})*", re.ASCII | re.IGNORECASE)
_NAME_AND_ADDRESS = re.compile(r'(?:("(?:[^"\\]|\\.)*"|[^"<>]*?)\s*<([^<>]*)>|([^<>"]*))')
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# RFC 5322 section 3.2.3; the full stop is left out, as every program accepts "St. Mary".
_SPECIALS = re.compile(r"[()\[\]:;@\\,]")


def _name_and_address(text: str) -> tuple[str, str]:
    """Return both as written; "" for what is missing."""
    match = _NAME_AND_ADDRESS.fullmatch(text)
    return ((match[1] or "").strip(), (match[2] or match[3] or "").strip()) if match else ("", "")


def _one_sender(value: str) -> str:
    """Return `Name <local@domain>` or `local@domain` in tidy form; raises ValueError with the reason."""
    if _CONTROLS.search(value):
        raise ValueError("holds a line end or another control character")
    name, address = _name_and_address(value.strip())
    try:
        address = on_envelope(address)
    except ValueError:
        raise ValueError("is not one address such as Exampleshire Council <contact@example.gov.uk>") from None
    if not _OWN_ADDRESS.fullmatch(address):
        raise ValueError("must be an address that everybody can answer: an ASCII name before the @, a domain after it")
    if not name.startswith('"') and _SPECIALS.search(name):
        raise ValueError('needs quotation marks around the name: "Smith, Jones" <contact@example.gov.uk>')
    return f"{name} <{address}>" if name.strip('" ') else address


Sender = Annotated[str, AfterValidator(_one_sender)]
"""A setting: the sender of outgoing mail, with or without a display name; its domain is written in ASCII."""
