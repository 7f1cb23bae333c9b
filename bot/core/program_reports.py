"""Rules for what programs report: the delivery of a mail, its reading, its abuse, a domain's mail; and for journals."""

import re

from bot.core import absences, nondelivery
from bot.core.messages import Inbound, Mail
from bot.core.rules import Facts

_DELIVERY_REPORTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_READ_REPORTS = frozenset({"message/disposition-notification", "message/global-disposition-notification"})
_ABUSE_REPORTS = frozenset({"message/feedback-report"})
_DAEMONS = ("mailer-daemon@", "postmaster@", "mail-daemon@", "mailerdaemon@")
# RFC 7489 section 7.2.1.1 and RFC 8460 section 5.3: their subject is part of the format.
_DOMAIN_REPORT = re.compile(
    r"\s*(?:\[[^\]]*\]\s*)?report[- ]domain:\s*\S+\s+submitter:\s*\S+.*\sreport-id:", re.IGNORECASE
)
_DOMAIN_REPORTS = (
    "application/tlsrpt",
    "application/gzip",
    "application/x-gzip",
    "application/zip",
    "application/x-zip",
)
# What Exchange writes before the mail that it keeps: https://learn.microsoft.com/exchange/journaling
_JOURNAL = re.compile(r"\s*Sender: [^\n]*@[^\n]*\nSubject: [^\n]*\n(?:[A-Z][\w()-]*: [^\n]*\n){0,3}Message-I[dD]: <")


def is_delivery_report(message: Inbound, facts: Facts) -> bool:
    """Tell whether it reports on the delivery of a mail; of ours, also one that follows no standard."""
    mail = message.mail
    if mail is None:
        return False
    # Such a part outside an enclosed mail is made by mail servers only.
    if _reports(mail, "delivery-status", _DELIVERY_REPORTS):
        return True
    if mail.return_path == "" and mail.values("x-failed-recipients"):
        return True
    return facts.is_about_our_mail and _came_back(message, mail, facts)


def _came_back(message: Inbound, mail: Mail, facts: Facts) -> bool:
    """Tell whether what came to the address that receives nothing else reports on our mail."""
    if mail.reports:
        return True
    if not _is_by_server(message, mail, facts) or _reports(mail, "disposition-notification", _READ_REPORTS):
        return False
    return not _is_away(message, facts)


def _is_by_server(message: Inbound, mail: Mail, facts: Facts) -> bool:
    senders = [party.address.lower() for party in mail.from_addresses]
    if mail.return_path == "" or f"{mail.return_path}".lower().startswith(_DAEMONS):
        return True
    if any(sender.startswith(_DAEMONS) for sender in senders):
        return True
    # Some mailboxes do not tell the envelope: then a stranger's mail with a server's answer in it is a report.
    is_strangers = mail.return_path is None and facts.addressee.lower() not in senders
    return is_strangers and bool(nondelivery.reports_of(message))


def _is_away(message: Inbound, facts: Facts) -> bool:
    """Tell whether a program answers for the person: RFC 3834 section 4 has it answer where bounces go, too."""
    mail = message.mail
    if mail is None or mail.content_type == "multipart/report":
        return False
    if absences.looks_absent(message.subject):
        return not nondelivery.reports_of(message)
    senders = {party.address.lower() for party in mail.from_addresses}
    is_automatic = any(mail.values(name) for name in ("auto-submitted", "x-autoreply", "x-autorespond"))
    return is_automatic and senders == {facts.addressee.lower()}


def is_read_report(message: Inbound, _: Facts) -> bool:
    """Tell whether it reports that a mail was displayed or deleted."""
    return message.mail is not None and _reports(message.mail, "disposition-notification", _READ_REPORTS)


def is_abuse_report(message: Inbound, _: Facts) -> bool:
    """Tell whether it reports a mail as unwanted."""
    return message.mail is not None and _reports(message.mail, "feedback-report", _ABUSE_REPORTS)


def is_another_report(message: Inbound, _: Facts) -> bool:
    """Tell whether it is any other report: no person writes a multipart/report."""
    mail = message.mail
    if mail is None:
        return False
    if mail.content_type == "multipart/report" or mail.values("tls-report-domain"):
        return True
    return _DOMAIN_REPORT.match(message.subject[:1_000]) is not None and any(
        part.startswith(_DOMAIN_REPORTS) for part in mail.parts
    )


def is_journal(message: Inbound, _: Facts) -> bool:
    """Tell whether Exchange copies here what it keeps for a journal."""
    mail = message.mail
    if mail is None:
        return False
    if mail.values("x-ms-journal-report") or mail.values("x-ms-exchange-generated-message-source")[:1] == [
        "Journal Agent"
    ]:
        return True
    return mail.content_type == "multipart/mixed" and _JOURNAL.match(message.text[:4_000]) is not None


def _reports(mail: Mail, report_type: str, kinds: frozenset[str]) -> bool:
    if mail.content_type in kinds or not kinds.isdisjoint(mail.parts):
        return True
    return mail.content_type == "multipart/report" and mail.report_type == report_type
