"""Common parts of Meta's platforms: the proof of an address, the signature and the envelope of a call, the refusals.

Source: developers.facebook.com/docs/graph-api/webhooks/getting-started, .../graph-api/guides/error-handling.
"""

import hashlib
import hmac
import json
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.channel import Coverage, Forged, Misconfigured, Permanent, RawRequest, Temporary
from bot.wire.platforms.platform import Answer, Api
from bot.wire.platforms.reading import NotUnderstood

GRAPH = "https://graph.facebook.com/v23.0"
# Where the platforms keep the files of messages ("Attachments"; "Retrieve media").
FILE_HOSTS = (".fbcdn.net", ".fbsbx.com", ".cdninstagram.com", ".facebook.com", ".whatsapp.net")
RUNS_OUT_SOON = timedelta(days=14)
_SIGNATURE = "x-hub-signature-256"
# Too many calls, or the platform is out of order: these pass without anybody acting.
TRANSIENT = frozenset({1, 2, 4, 17, 32, 341, 613, 80007, 130429, 131000, 131016, 131048, 131056})
_TOKEN, _LACKS_PERMISSION = frozenset({102, 190}), range(200, 300)
_NO_PERMISSION = 10
_OUTSIDE_WINDOW = 2018278
# Another program, such as the Page's own inbox, has the conversation ("Handover Protocol", error 10/2018300).
_WITH_ANOTHER = 2018300
# What an entry has lists of, and what stands around them.
_LISTS, _AROUND = ("messaging", "standby", "changes"), ("id", "time", "uid", "hop_context")


def challenge(raw: RawRequest, verify_token: str) -> tuple[str, bytes]:
    """Return the answer that proves that the address is ours; raises Forged for a wrong token."""
    is_known = hmac.compare_digest(raw.query.get("hub.verify_token", "").encode(), verify_token.encode())
    if raw.query.get("hub.mode") != "subscribe" or not is_known:
        raise Forged("another token")
    return "text/plain", raw.query.get("hub.challenge", "").encode()


def call_of(raw: RawRequest, app_secret: str) -> dict[str, Any]:
    """Return the content of a call; the signature covers the raw bytes. Raises Forged or Permanent."""
    signature = f"sha256={hmac.new(app_secret.encode(), raw.body, hashlib.sha256).hexdigest()}"
    if not hmac.compare_digest(raw.headers.get(_SIGNATURE, "").encode("utf-8", "replace"), signature.encode()):
        raise Forged("the signature is not that of this body")
    return content_of(raw.body)


def content_of(body: bytes) -> dict[str, Any]:
    """Return the envelope in these bytes; raises Permanent where there is none."""
    try:
        call = json.loads(body)
    except (ValueError, RecursionError):
        raise Permanent("no JSON") from None
    if not isinstance(call, dict) or not isinstance(call.get("entry"), list):
        raise Permanent("no envelope")
    return call


def pieces(call: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield each single event or change of a call in an envelope of its own, so that it can be read anew by itself.

    What an entry has besides, and we do not know, is a piece, too: nothing of a call is dropped unseen.
    """
    for entry in call["entry"]:
        has_lists = isinstance(entry, dict) and any(isinstance(entry.get(key), list) for key in _LISTS)
        parts = list(_parts(entry)) if isinstance(entry, dict) else []
        yield from ({**call, "entry": [part]} for part in (parts if parts or has_lists else [entry]))


def _parts(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    around = {key: value for key, value in entry.items() if key in _AROUND}
    if "field" in entry and "value" in entry:
        # Calls of Instagram's own login have one change, without a list ("Webhook Notification Examples").
        change = {key: entry[key] for key in ("field", "value")}
        entry = {key: value for key, value in entry.items() if key not in change} | {"changes": [change]}
    yield from ({**around, **single} for single in split(entry, _LISTS, _AROUND))


def split(values: Mapping[str, Any], lists: Collection[str], around: Collection[str]) -> Iterator[dict[str, Any]]:
    """Yield each item of `lists` by itself, and whatever else may hold a message; what stands `around` them is none."""
    for key, content in values.items():
        if key in lists and isinstance(content, list):
            yield from ({key: [item]} for item in content)
        elif key in lists or (key not in around and isinstance(content, list | dict)):
            yield {key: content}


def only_part(piece: Mapping[str, Any], subject: str) -> tuple[str, str, dict[str, Any]]:
    """Return whose entry a piece is, in which list it stood, and the event or change; raises NotUnderstood."""
    if piece.get("object") != subject:
        raise NotUnderstood("a call about another kind of account")
    (entry,) = piece["entry"]
    number = entry.get("id") if isinstance(entry, dict) else None
    if not isinstance(number, str) or not number.isdecimal():
        raise NotUnderstood("an entry without the account that it is for")
    keys = [key for key in entry if key not in _AROUND]
    content = entry[keys[0]] if len(keys) == 1 and keys[0] in _LISTS else None
    match content:
        case [dict(item)]:
            return number, keys[0], item
    raise NotUnderstood("an entry without an event or a change")


def change_of(item: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the field and the value of a change; raises NotUnderstood."""
    field, value = item.get("field"), item.get("value")
    if not isinstance(field, str) or not isinstance(value, dict):
        raise NotUnderstood("a change without its field or its value")
    return field, value


def part(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return the object under this key, or an empty one."""
    content = values.get(key)
    return content if isinstance(content, dict) else {}


def words(values: Mapping[str, Any], key: str) -> str:
    """Return the text under this key, or "" where there is none; raises NotUnderstood for anything but a text."""
    content = values.get(key)
    if content is not None and not isinstance(content, str):
        raise NotUnderstood(f"a message whose {key} is no text")
    return content or ""


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
    if code in TRANSIENT:
        return Temporary(str(usual))
    if subcode == _OUTSIDE_WINDOW:
        return Permanent(str(usual))
    if subcode == _WITH_ANOTHER:
        return Permanent(f"{usual}: another program has this conversation; answer in the inbox of the account")
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
