"""Reads reports of non-delivery or of abuse: RFC 3464, RFC 6533, RFC 5965, and bounces that follow no standard."""

import logging
import re
from email import message_from_bytes

from bot.core import nondelivery
from bot.core.messages import Report
from bot.wire.mail import headers

KINDS = frozenset({"message/delivery-status", "message/global-delivery-status", "message/feedback-report"})
# What a report returns of the mail that it is about, beside an enclosed mail (RFC 6522 section 4, RFC 6533 section 6).
HEADERS_ALONE = frozenset({"text/rfc822-headers", "message/global-headers"})
_MOST_OCTETS, _MOST_REPORTS = 100_000, 50
# A bounce shows at its beginning what it is. Each detector of the library takes 20 microseconds for each line.
_MOST_OF_UNUSUAL, _MOST_LINES = 30_000, 1_000
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_OF_A_RECIPIENT = ("action", "status", "final-recipient", "original-recipient", "diagnostic-code")
_GROUPS = re.compile(rb"\r?\n[ \t]*\r?\n")
# The address that only this service can have made (`acknowledgements.signed_subaddress`). A report without it is
# about somebody else's mail.
_OURS = re.compile(rb"\+b\d{1,18}\.[a-z2-7]{12}@", re.IGNORECASE)
_TOKEN = re.compile(r"b\d{1,18}\.[a-z2-7]{12}", re.IGNORECASE)

# The library logs at length each mail that one of its detectors cannot handle.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)


def status_of(octets: bytes) -> tuple[list[Report], list[str]]:
    """Return the reports in a part whose type is one of `KINDS`, and the envelope senders that it names."""
    reports, senders = list[Report](), list[str]()
    for group in _GROUPS.split(octets[:_MOST_OCTETS].strip()):
        fields = {name: headers.tidy(value) for name, value in reversed(headers.fields(group + b"\n"))}
        if any(name in fields for name in _OF_A_RECIPIENT):
            reports += _of_a_recipient(fields)
        if "feedback-type" in fields:
            reports.append(Report("complained", "", headers.path(fields.get("original-rcpt-to", "")) or ""))
        if sender := headers.path(fields.get("original-mail-from", "")):
            senders.append(sender)
    return reports[:_MOST_REPORTS], senders


def return_address_of(fields: headers.Fields) -> list[str]:
    """Return the signed address of the mail with this header, if it is ours: our own token, at its author's address.

    A provider that sends under an envelope of its own, such as Exchange Online, reports to the mailbox itself.
    """
    by_name = {name: headers.tidy(value) for name, value in reversed(fields) if name in ("from", "x-ackbot-loop")}
    token, authors = by_name.get("x-ackbot-loop", ""), headers.addresses([by_name.get("from", "")])
    if not _TOKEN.fullmatch(token) or len(authors) != 1:
        return []
    local, _, domain = authors[0].address.rpartition("@")
    return [f"{local}+{token}@{domain}"]


def _of_a_recipient(fields: dict[str, str]) -> list[Report]:
    """Return the report of one recipient: by its Action, and where that is a word of the relay's own, by its class."""
    match = _STATUS.search(fields.get("status", ""))
    status = match[0] if match else nondelivery.status_in(fields.get("diagnostic-code", ""))
    action = nondelivery.action_of(fields.get("action", "").split(" ")[0].lower(), status)
    recipient = fields.get("original-recipient") or fields.get("final-recipient", "")
    return [Report(action, status, recipient.rpartition(";")[2].strip())] if action else []


def unusual(raw: bytes) -> list[Report]:
    """Return the reports in a bounce that follows no standard, if it is about our mail. Never raises."""
    head = raw[:_MOST_OF_UNUSUAL]
    if not _OURS.search(head):
        return []
    # Its thirty detectors take as long to import as a hundred mails: many services never meet such a bounce.
    from flufl.bounce import all_failures  # noqa: PLC0415

    try:
        temporary, permanent = all_failures(
            message_from_bytes(b"\n".join(head.split(b"\n", _MOST_LINES)[:_MOST_LINES]))
        )
    except Exception:  # noqa: BLE001 - a report that the library's detectors cannot handle gives no information
        return []
    return [
        *(Report("failed", "", address.decode("ascii", "replace")) for address in sorted(permanent)),
        *(Report("delayed", "", address.decode("ascii", "replace")) for address in sorted(temporary)),
    ][:_MOST_REPORTS]
