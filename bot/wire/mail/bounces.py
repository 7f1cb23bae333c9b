"""What a report of non-delivery or of abuse says: RFC 3464, RFC 6533 and RFC 5965, and what programs write instead."""

import logging
import re
from email import message_from_bytes

from flufl.bounce import all_failures

from bot.core.messages import Report
from bot.wire.mail import headers

KINDS = frozenset({"message/delivery-status", "message/global-delivery-status", "message/feedback-report"})
_ACTIONS = frozenset({"failed", "delayed", "delivered", "relayed", "expanded"})
_MOST_OCTETS, _MOST_REPORTS = 100_000, 50
# A bounce says what it is at its beginning. Each detector of the library looks at every line: 20 microseconds a line.
_MOST_OF_UNUSUAL, _MOST_LINES = 30_000, 1_000
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_GROUPS = re.compile(rb"\r?\n[ \t]*\r?\n")
# The address that only we can have made (`acknowledgements.signed_subaddress`); without it a report is nobody's.
_OURS = re.compile(rb"\+b\d{1,18}\.[a-z2-7]{12}@", re.IGNORECASE)

# It tells of each mail that one of its detectors cannot bear, at length.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)


def status_of(octets: bytes) -> tuple[list[Report], list[str]]:
    """The reports in a part of one of `KINDS`, and the envelope senders that it names."""
    reports, senders = list[Report](), list[str]()
    for group in _GROUPS.split(octets[:_MOST_OCTETS].strip()):
        fields = {name: headers.tidy(value) for name, value in reversed(headers.fields(group + b"\n"))}
        action = fields.get("action", "").split(" ")[0].lower()
        recipient = fields.get("original-recipient") or fields.get("final-recipient", "")
        if action in _ACTIONS:
            found = _STATUS.search(fields.get("status", ""))
            reports.append(Report(action, found[0] if found else "", recipient.partition(";")[2].strip()))
        if "feedback-type" in fields:
            reports.append(Report("complained", "", headers.path(fields.get("original-rcpt-to", "")) or ""))
        if sender := headers.path(fields.get("original-mail-from", "")):
            senders.append(sender)
    return reports[:_MOST_REPORTS], senders


def unusual(raw: bytes) -> list[Report]:
    """The reports in a bounce that follows no standard, of a mail of ours; [] for every other mail. Never raises."""
    head = raw[:_MOST_OF_UNUSUAL]
    if not _OURS.search(head):
        return []
    try:
        temporary, permanent = all_failures(
            message_from_bytes(b"\n".join(head.split(b"\n", _MOST_LINES)[:_MOST_LINES]))
        )
    except Exception:  # noqa: BLE001 - a report that the library's many readers stumble over tells us nothing
        return []
    return [
        *(Report("failed", "", address.decode("ascii", "replace")) for address in sorted(permanent)),
        *(Report("delayed", "", address.decode("ascii", "replace")) for address in sorted(temporary)),
    ][:_MOST_REPORTS]
