"""Reads what Meta calls with when somebody asks it to have their data deleted by an app.

Source: developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback. The call is a form
with one field: a signature, a point and an object, both in base64. We answer with a code, and a page that explains.
"""

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from bot.channel import Forged, Permanent, RawRequest
from bot.core.messages import Inbound
from bot.wire.platforms import meta

_FORM = "application/x-www-form-urlencoded"
_CODE_LENGTH, _LONGEST_ID = 12, 40
_WORDS = (
    "Somebody has asked the platform to have deleted what you hold about them (UK GDPR article 17). Their id in your "
    "app is {person}. It is not the id under which they write to you: find out who they are before you delete "
    "anything. They were told the code {code}, and may quote it."
)


@dataclass(frozen=True, slots=True)
class DeletionRequest:
    """One request: `person` is their id in our app, `code` what they are told."""

    person: str
    code: str
    date: Any

    def inbound(self, channel: str) -> Inbound:
        """Return the request as a contact, for staff to answer; the same request is the same contact."""
        text = _WORDS.format(person=self.person, code=self.code)
        return Inbound(
            channel=channel,
            external_id=f"deletion {self.code}",
            digest=hashlib.sha256(text.encode()).hexdigest(),
            sender=None,
            subject="A request to delete data",
            text=text,
            received_at=meta.instant(self.date),
            fields={"code": self.code},
            raw=text.encode(),
        )

    def answer(self, page: str) -> bytes:
        """Return what the platform shows to the person."""
        return json.dumps({"url": page, "confirmation_code": self.code}).encode()


def read(raw: RawRequest, app_secret: str) -> DeletionRequest | None:
    """Return the request in a call; None where it is a call of another kind. Raises Forged or Permanent."""
    if not raw.headers.get("content-type", "").lower().startswith(_FORM):
        return None
    try:
        request = parse_qs(raw.body.decode("ascii", "replace"), max_num_fields=10).get("signed_request", [""])[0]
    except ValueError:
        raise Forged("a form with more fields than the platform sends") from None
    signature, _, payload = request.partition(".")
    own = hmac.new(app_secret.encode(), payload.encode("ascii", "replace"), hashlib.sha256).digest()
    if not hmac.compare_digest(_decoded(signature), own):
        raise Forged("the signature is not that of this request")
    try:
        content = json.loads(_decoded(payload))
    except (ValueError, RecursionError):
        raise Permanent("no JSON") from None
    person = content.get("user_id") if isinstance(content, dict) else None
    if not isinstance(person, str) or not person.isdecimal() or len(person) > _LONGEST_ID:
        raise Permanent("a request that names nobody")
    # Nobody can work out from a code whose it is, or guess another's.
    name = f"{person} {content.get('issued_at')}"
    code = hmac.new(app_secret.encode(), f"deletion {name}".encode(), hashlib.sha256).hexdigest()[:_CODE_LENGTH].upper()
    return DeletionRequest(person, code, content.get("issued_at"))


def _decoded(text: str) -> bytes:
    """Decode base64 with - and _, and without the signs at its end; nothing where it is none."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
