"""Common parts of Meta's platforms: the proof of an address, the signature and envelope of a call, the refusals.

Source: developers.facebook.com/docs/graph-api/webhooks/getting-started, .../graph-api/guides/error-handling.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.channel import Coverage, Forged, Misconfigured, Permanent, RawRequest, Temporary
from bot.wire.platforms.platform import Answer, Api

GRAPH = "https://graph.facebook.com/v23.0"
RUNS_OUT_SOON = timedelta(days=14)
_SIGNATURE = "x-hub-signature-256"
# Too many calls, or the platform is out of order: these pass without anybody acting.
_TRANSIENT = frozenset({1, 2, 4, 17, 32, 341, 613, 80007, 130429, 131000, 131016, 131048, 131056})
_TOKEN, _LACKS_PERMISSION = frozenset({102, 190}), range(200, 300)
_NO_PERMISSION = 10
_OUTSIDE_WINDOW = 2018278


def challenge(raw: RawRequest, verify_token: str) -> tuple[str, bytes]:
    """Return the answer that proves that the address is ours; raises Forged for a wrong token."""
    is_known = hmac.compare_digest(raw.query.get("hub.verify_token", "").encode(), verify_token.encode())
    if raw.query.get("hub.mode") != "subscribe" or not is_known:
        raise Forged("another token")
    return "text/plain", raw.query.get("hub.challenge", "").encode()


def entries(raw: RawRequest, app_secret: str, name: str) -> list[Any]:
    """Return the entries of a call about `name`; the signature covers the raw bytes. Raises Forged or Permanent."""
    signature = f"sha256={hmac.new(app_secret.encode(), raw.body, hashlib.sha256).hexdigest()}"
    if not hmac.compare_digest(raw.headers.get(_SIGNATURE, "").encode("utf-8", "replace"), signature.encode()):
        raise Forged("the signature is not that of this body")
    try:
        call = json.loads(raw.body)
    except (ValueError, RecursionError):
        raise Permanent("no JSON") from None
    if not isinstance(call, dict) or not isinstance(call.get("entry"), list):
        raise Permanent("no envelope")
    return call["entry"] if call.get("object") == name else []


def changes(entry: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the changes of an entry, as (field, value)."""
    items = entry.get("changes") if isinstance(entry, dict) else None
    for change in items if isinstance(items, list) else ():
        if isinstance(change, dict) and isinstance(change.get("value"), dict):
            yield str(change.get("field", "")), change["value"]


def instant(seconds: Any) -> datetime | None:
    """Convert seconds, or milliseconds, since 1970; return None for anything else."""
    try:
        number = float(seconds)
        return datetime.fromtimestamp(number / 1000 if number > 100_000_000_000 else number, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def refusal(api: Api, answer: Answer) -> Temporary | Permanent | Misconfigured:
    """Return what a refusal means: its code is more precise than its status."""
    error = answer.content.get("error") if isinstance(answer.content, dict) else None
    code, subcode = (error.get("code"), error.get("error_subcode")) if isinstance(error, dict) else (None, None)
    usual = api.error(answer)
    if code in _TRANSIENT:
        return Temporary(str(usual))
    if subcode == _OUTSIDE_WINDOW:
        return Permanent(str(usual))
    if code in _TOKEN or code == _NO_PERMISSION or (isinstance(code, int) and code in _LACKS_PERMISSION):
        return Misconfigured(str(usual))
    return usual


async def post(api: Api, path: str, content: dict[str, Any]) -> dict[str, Any]:
    """POST; return the platform's answer. Raises Temporary, Permanent or Misconfigured."""
    answer = await api.ask("POST", path, json=content)
    if answer.status >= 400 or not isinstance(answer.content, dict):
        raise refusal(api, answer)
    return answer.content


async def token_coverage(api: Api, token: str, scopes: frozenset[str], blind: tuple[str, ...]) -> Coverage:
    """Return what the token allows (GET /debug_token), with what the platform never shows (`blind`)."""
    answer = await api.ask("GET", "/debug_token", params={"input_token": token})
    if answer.status >= 400:
        return Coverage("red", (str(refusal(api, answer)),))
    data = answer.content.get("data", {}) if isinstance(answer.content, dict) else {}
    if not data.get("is_valid"):
        return Coverage("red", ("the token is not valid any more",))
    if absent := scopes - set(data.get("scopes", ())):
        return Coverage("red", (f"the token lacks {', '.join(sorted(absent))}",))
    findings = (*_expiry_findings(data, api.at), *blind)
    return Coverage("amber" if findings else "green", findings)


def _expiry_findings(token_data: dict[str, Any], now: datetime) -> list[str]:
    """Return the warning that the token runs out soon, if it does; an instant of 0 means never."""
    instants = [token_data.get(key) for key in ("expires_at", "data_access_expires_at")]
    ends = filter(None, (instant(seconds) for seconds in instants if seconds))
    return [f"the token runs out on {at:%d %B %Y}" for at in ends if at - now < RUNS_OUT_SOON][:1]
