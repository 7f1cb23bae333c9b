"""Outgoing mail by Microsoft Graph (learn.microsoft.com/en-us/graph/api/user-sendmail).

As MIME Graph always leaves a copy in Sent Items. Without a copy a mail goes as JSON; what that cannot say, the
properties of MAPI do (MS-OXCMAIL sections 2.2.3.2.9 and following, MS-OXPROPS).
"""

import base64
import email.policy
from email import message_from_bytes
from email.message import EmailMessage
from email.utils import getaddresses
from typing import Any
from urllib.parse import quote

from bot.channel import ChannelError, Misconfigured, Permanent, Temporary
from bot.core.messages import Outbound
from bot.wire.mail.graph_calls import Answer, Calls
from bot.wire.refusals import Uncertain

# In base64; learn.microsoft.com/en-us/graph/outlook-things-to-know-about-send-mail: a request has 4 MB at most.
MOST_BYTES = 3 * 2**20
_OK, _ACCEPTED, _BAD_REQUEST, _TOO_LONG = 200, 202, 400, 413
_INTERNET_HEADERS = "String {00020386-0000-0000-C000-000000000046} Name "
_PROPERTIES = {"In-Reply-To": "String 0x1042", "References": "String 0x1039"}
_HEADERS = ("Auto-Submitted", "X-Auto-Response-Suppress", "X-Ackbot-Loop", "Precedence", "List-Id")
_THEIRS = frozenset({"ErrorInvalidRecipients", "ErrorInvalidRecipient", "ErrorMimeContentInvalid"})
_TOO_LARGE = frozenset({"ErrorMessageSizeExceeded", "ErrorRequestSizeExceeded"})
_QUOTA = frozenset({"ErrorExceededMessageLimit", "ErrorSubmissionQuotaExceeded", "ErrorQuotaExceeded"})


async def hand_over(calls: Calls, message: Outbound, *, with_copy: bool) -> None:
    """Hand one mail over. Raises Temporary, Permanent or Misconfigured.

    Without a copy nobody can look up what became of it when the answer is lost: Temporary is Uncertain then.
    """
    if len(message.content) > MOST_BYTES:
        megabytes = MOST_BYTES // 2**20
        raise Permanent(f"channel {calls.name}: the mail is larger than the {megabytes} MB that Microsoft Graph takes")
    path = f"{calls.user}/sendMail"
    if not with_copy:
        answer = await calls.ask("POST", path, json={"message": as_json(message.content), "saveToSentItems": False})
        if answer.is_lost:
            raise Uncertain(f"channel {calls.name}: {calls.base} said {answer.status}, and may have taken it")
    else:
        body = base64.b64encode(message.content)
        try:
            answer = await calls.ask("POST", path, data=body, headers={"Content-Type": "text/plain"})
        except Uncertain as error:
            raise Temporary(*error.args) from None
    if answer.status != _ACCEPTED:
        raise refusal(calls, answer)


async def is_there(calls: Calls, message: Outbound) -> bool:
    """Tell whether Sent Items has a copy: the answer may have been lost. Raises Temporary or Misconfigured."""
    expression = quote("internetMessageId eq '" + message.idempotency_key.replace("'", "''") + "'")
    answer = await calls.ask("GET", f"{calls.user}/mailFolders/sentitems/messages?$filter={expression}&$select=id")
    if answer.status == _OK:
        return bool(answer.content.get("value"))
    error = calls.refusal(answer)
    raise error if isinstance(error, Misconfigured) else Temporary(*error.args)


def refusal(calls: Calls, answer: Answer) -> ChannelError:
    """Return what it means that a mail was not accepted."""
    words = f"channel {calls.name}: {calls.base} said {answer.status} {answer.code}".rstrip()
    if answer.code in _QUOTA:
        return Misconfigured(f"{words}: {calls.user.rpartition('/')[2]} may send no more for now")
    if answer.status == _TOO_LONG or answer.code in _THEIRS | _TOO_LARGE:
        return Permanent(words)
    if answer.status == _BAD_REQUEST and not answer.code:
        return Temporary(words)
    return calls.refusal(answer)


def as_json(content: bytes) -> dict[str, Any]:
    """Return a mail as Graph's resource `message`."""
    mail = message_from_bytes(content, policy=email.policy.default)
    body = mail.get_body(("html", "plain"))
    is_html = body is not None and body.get_content_subtype() == "html"
    return {
        "subject": str(mail.get("Subject", "")),
        "body": {"contentType": "html" if is_html else "text", "content": body.get_content() if body else ""},
        "from": _parties(mail, "From")[0],
        "toRecipients": _parties(mail, "To"),
        "ccRecipients": _parties(mail, "Cc"),
        "replyTo": _parties(mail, "Reply-To"),
        "internetMessageId": str(mail.get("Message-ID", "")),
        "attachments": [_file(part) for part in mail.iter_attachments()],
        "singleValueExtendedProperties": _properties(mail),
    }


def _parties(mail: EmailMessage, name: str) -> list[dict[str, Any]]:
    parties = getaddresses([str(value) for value in mail.get_all(name, [])])
    return [{"emailAddress": {"name": words, "address": address}} for words, address in parties if address]


def _properties(mail: EmailMessage) -> list[dict[str, str]]:
    names = {**_PROPERTIES, **{header: f"{_INTERNET_HEADERS}{header}" for header in _HEADERS}}
    return [{"id": key, "value": str(mail[header])} for header, key in names.items() if mail[header]]


def _file(part: Any) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "name": part.get_filename() or "file",
        "contentType": part.get_content_type(),
        "contentBytes": base64.b64encode(part.get_payload(decode=True) or b"").decode(),
    }
