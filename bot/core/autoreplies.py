"""Rules that recognise automatic mail, which must not be answered. They are tested in order; the first match applies.

No message is dropped: every rule says what becomes of it and why. The row numbers are those of the table in
docs/triage.md. No rule may match the mail of an ordinary person: a subject proves nothing (RFC 3834 section 3.1.5:
software should not infer automation from "Auto:"), a role address such as info@ or support@ may be a person's, and
X-Auto-Response-Suppress alone only says which answers its sender prefers not to get.
"""

import re
from collections.abc import Callable

from bot.core import absences, authors, own_lists, program_reports, reply_marks, robots
from bot.core.acknowledgements import bears_our_tag, is_own
from bot.core.authentications import Finding, finding, is_authenticated
from bot.core.messages import Inbound, Mail
from bot.core.rules import Facts, Rule, RuleName

_ASCII_WORDS = re.compile("[a-z]+").findall
_LONGEST_SUBJECT = 200


def looks_absent(subject: str) -> bool:
    """Tell whether the subject is like that of an absence message."""
    if subject.isascii() and absences.WORDS.isdisjoint(_ASCII_WORDS(subject[:_LONGEST_SUBJECT].lower())):
        return False
    return absences.looks_absent(subject)


_BY_PROGRAMS = frozenset(
    {
        RuleName.OUR_OWN_MARK,
        RuleName.DELIVERY_REPORT,
        RuleName.READ_REPORT,
        RuleName.ABUSE_REPORT,
        RuleName.ANOTHER_REPORT,
        RuleName.JOURNAL,
        RuleName.AUTOMATIC_REPLY,
        RuleName.NULL_SENDER,
        RuleName.AUTOMATIC_SUBMISSION,
        RuleName.INVITATION,
        RuleName.CALENDAR_MESSAGE,
        RuleName.RECALL,
    }
)
_NO_MAIL = Mail((), None)
_COMMENT = re.compile(r"\([^()]*\)")
_KEYWORD = re.compile(r"[\w!#$%&'*+.^`|~-]*")
# As Outlook writes it, in English: the word of another language may well begin a person's subject.
_RECALL = re.compile(r"(?:message )?recall(?: (?:success|failure))?: ", re.IGNORECASE)
# Beside Feedback-ID, which people's own providers set, too, these show a campaign.
_CAMPAIGNS = frozenset(
    {"x-csa-complaints", "x-campaign", "x-campaign-id", "x-campaignid", "x-mc-user", "x-report-abuse", "x-mailing-id"}
)
# Programs that hold mail until its sender has proved to be a person.
_CHALLENGERS = ("x-boxtrapper", "x-tmda-", "x-askversion", "x-spamarrest", "x-qconfirm", "x-challenge")
_CHALLENGE = re.compile(
    r"verify#|\bverif(?:y|ication) (?:your|required|of your) |confirm your (?:e-?mail|message)", re.I
)


def is_system(address: str) -> bool:
    """Tell whether no person reads mail to this address, by its local part."""
    return robots.SYSTEM.match(_local_part(address)) is not None


def is_automatic(message: Inbound) -> bool:
    """Tell whether a program wrote the mail, by its own header; for mail that is certainly from staff."""
    if looks_absent(message.subject) and not absences.is_answer(message.subject):
        return True
    return any(rule.name in _BY_PROGRAMS and rule.asks(message, Facts()) for rule in RULES)


def is_ours(message: Inbound, own: frozenset[str], secret: bytes = b"") -> bool:
    """Tell whether it comes from one of our own addresses or bears our own mark: it may go round in circles."""
    return _comes_from(_mail(message), own, secret) or _has_our_mark(_mail(message))


def keyword(value: str) -> str:
    """Return the keyword of a structured field, in lower case, without comments and parameters (RFC 3834 section 5)."""
    match = _KEYWORD.match(_COMMENT.sub(" ", value).strip().strip('"'))
    return match[0].lower() if match else ""


def _mail(message: Inbound) -> Mail:
    return message.mail or _NO_MAIL


def _local_part(address: str) -> str:
    return address.rpartition("@")[0].lower()


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def is_staff_address(address: str, facts: Facts) -> bool:
    """Tell whether this is an address of ours, or of somebody who answers for us."""
    return _answers_for_us(address.lower(), facts.own, facts.staff)


def _answers_for_us(address: str, own: frozenset[str], staff: frozenset[str]) -> bool:
    return is_own(address, own) or address in staff or f"@{_domain(address)}" in staff


def is_from_staff(message: Inbound, own: frozenset[str], staff: frozenset[str]) -> bool:
    """Tell whether one alone wrote this mail, and it is somebody who answers for us."""
    senders = _mail(message).from_addresses
    return len(senders) == 1 and _answers_for_us(senders[0].address.lower(), own, staff)


def _is_staff_mail(message: Inbound, facts: Facts) -> bool:
    senders = [party.address for party in _mail(message).from_addresses]
    if facts.thread is None or len(senders) != 1 or senders[0].lower() == facts.person.lower():
        return False
    return is_staff_address(senders[0], facts) and not is_automatic(message)


def is_proven(message: Inbound, authserv_id: str) -> bool:
    """Tell whether whoever sent it is who it names: a forged answer of staff's would stop a clock."""
    return message.outgoing or message.mail is None or is_authenticated(message.mail, authserv_id)


def _challenges(message: Inbound, facts: Facts) -> bool:
    if facts.thread is None:
        return False
    has_mark = any(name.startswith(_CHALLENGERS) for name, _ in _mail(message).headers)
    return has_mark or _CHALLENGE.search(message.subject) is not None


def is_relayed(message: Inbound, facts: Facts) -> bool:
    """Tell whether a trusted page passes on what one person wrote there, who is named in Reply-To."""
    mail = _mail(message)
    if not facts.relays or len(mail.reply_to) != 1 or is_own(mail.reply_to[0], facts.own):
        return False
    if finding(mail, facts.authserv_id) is Finding.FAILED:
        return False
    envelope = mail.return_path or (mail.from_addresses[0].address if mail.from_addresses else "")
    domain = f".{_domain(envelope)}"
    return any(domain.endswith(f".{relay}") for relay in facts.relays)


def _is_from_us(message: Inbound, facts: Facts) -> bool:
    return not _may_have_come_back(message, facts) and _comes_from(_mail(message), facts.own, facts.secret)


def _may_have_come_back(message: Inbound, facts: Facts) -> bool:
    return facts.is_about_our_mail and _mail(message).return_path == ""


def _comes_from(mail: Mail, own: frozenset[str], secret: bytes) -> bool:
    senders = [party.address for party in mail.from_addresses]
    if any(address.lower() in own for address in senders):
        return True
    # The tag of somebody's forwarder or list is no sign of us: nobody but us can sign one.
    tagged = [address for address in (*senders, mail.return_path or "") if "+" in address]
    return any(is_own(address, own) and bears_our_tag(address, secret) for address in tagged)


def _bears_our_mark(message: Inbound, facts: Facts) -> bool:
    return _has_our_mark(_mail(message)) and not _may_have_come_back(message, facts)


def _has_our_mark(mail: Mail) -> bool:
    return bool(mail.values("x-ackbot-loop"))


def _of_reports(question: Callable[[Inbound, Facts], bool]) -> Callable[[Inbound, Facts], bool]:
    """Ask the question only of a mail that is more than words and pictures, or comes from nobody."""

    def asks(message: Inbound, facts: Facts) -> bool:
        mail = message.mail
        if mail is None:
            return False
        is_plain = mail.content_type in _PLAIN and _PLAIN.issuperset(mail.parts) and mail.return_path != ""
        return (not is_plain or facts.is_about_our_mail) and question(message, facts)

    return asks


_PLAIN = frozenset(
    {"text/plain", "text/html", "multipart/alternative", "multipart/related", "image/png", "image/jpeg", "image/gif"}
)


def _is_auto_submitted(message: Inbound, _: Facts) -> bool:
    # A single field other than "no" is enough, and parameters must not hide the keyword (RFC 3834 sections 2 and 5.2).
    mail = _mail(message)
    values = (*mail.values("auto-submitted"), *mail.values("x-auto-submitted"))
    return any(keyword(value) != "no" for value in values)


def _is_automatic_reply(message: Inbound, facts: Facts) -> bool:
    mail = _mail(message)
    if mail.has_any(reply_marks.FIELDS) and reply_marks.bears_one(message, mail):
        return True
    if not _precedences(mail).isdisjoint({"auto_reply", "auto-reply"}):
        return True
    return facts.thread is not None and (_is_auto_submitted(message, facts) or looks_absent(message.subject))


def _precedences(mail: Mail) -> set[str]:
    return {keyword(value) for value in mail.values("precedence")}


def _has_null_sender(message: Inbound, _: Facts) -> bool:
    return _mail(message).return_path == ""


def may_be_by_list(message: Inbound) -> bool:
    """Tell whether a list or group wrote fields of its own into the header."""
    return message.mail is not None and message.mail.has_any(own_lists.FIELDS)


def is_passed_on(mail: Mail, own: frozenset[str]) -> bool:
    """Tell whether a list, a group or a forwarder of ours passes the mail on."""
    is_unusual = mail.has_any(own_lists.FIELDS) or (mail.return_path is not None and "+" in mail.return_path)
    return is_unusual and own_lists.passes_on(mail, own)


def _is_bulk(message: Inbound, facts: Facts) -> bool:
    mail = _mail(message)
    precedences = _precedences(mail)
    if not precedences.isdisjoint({"bulk", "junk"}) or (mail.has_any(_FEEDBACK) and mail.has_any(_CAMPAIGNS)):
        return True
    is_by_list = any(name.startswith("list-") or name == "x-mailing-list" for name, _ in mail.headers)
    return (is_by_list or "list" in precedences) and not is_passed_on(mail, facts.own)


_FEEDBACK = frozenset({"feedback-id"})


def _comes_from_a_system(message: Inbound, facts: Facts) -> bool:
    mail = _mail(message)
    if mail.return_path and robots.SYSTEM_ENVELOPE.fullmatch(_local_part(mail.return_path)):
        return not is_passed_on(mail, facts.own) or any(is_system(party.address) for party in mail.from_addresses)
    return any(is_system(party.address) for party in mail.from_addresses)


def _names_a_person_to_answer(message: Inbound, facts: Facts) -> bool:
    if not _comes_from_a_system(message, facts):
        return False
    mail = _mail(message)
    domains = {_domain(party.address) for party in mail.from_addresses}
    return any(_domain(a) in domains and not is_system(a) and not is_own(a, facts.own) for a in mail.reply_to)


def _is_invitation(message: Inbound, _: Facts) -> bool:
    return "text/calendar; method=request" in _mail(message).parts


def _is_calendar_mail(message: Inbound, _: Facts) -> bool:
    return any(kind.startswith("text/calendar; method=") for kind in _mail(message).parts)


def _recalls(message: Inbound, _: Facts) -> bool:
    mail = _mail(message)
    kinds = [value.lower() for name in ("content-class", "x-ms-exchange-messageclass") for value in mail.values(name)]
    return any("recall" in kind for kind in kinds) or _RECALL.match(message.subject.strip()) is not None


def _is_unclear(message: Inbound, _: Facts) -> bool:
    return message.mail is not None and len(message.mail.from_addresses) != 1 and authors.is_unclear(message)


def _is_malformed(message: Inbound, _: Facts) -> bool:
    return message.mail is not None and len(message.mail.from_addresses) != 1 and authors.is_malformed(message)


RULES: tuple[Rule, ...] = (
    Rule(RuleName.STAFFS_MAIL, "staff wrote in this contact", "RFC 5322 section 3.6.4", _is_staff_mail),
    Rule(
        RuleName.OUR_OWN_MAIL,
        "it comes from one of our own addresses",
        "RFC 3834 section 2",
        _is_from_us,
        in_thread="log",
    ),
    Rule(RuleName.OUR_OWN_MARK, "an Ackbot sent it by itself", "RFC 3834 section 3.1.2", _bears_our_mark),
    Rule(
        RuleName.DELIVERY_REPORT,
        "it reports on the delivery of a mail",
        "RFC 3464, RFC 6533",
        _of_reports(program_reports.is_delivery_report),
    ),
    Rule(
        RuleName.READ_REPORT,
        "it reports that a mail was displayed or deleted",
        "RFC 8098",
        _of_reports(program_reports.is_read_report),
    ),
    Rule(
        RuleName.ABUSE_REPORT, "it reports a mail as unwanted", "RFC 5965", _of_reports(program_reports.is_abuse_report)
    ),
    Rule(
        RuleName.ANOTHER_REPORT,
        "a program reports by itself",
        "RFC 6522, RFC 7489",
        _of_reports(program_reports.is_another_report),
    ),
    Rule(
        RuleName.JOURNAL,
        "a mail server copies what it keeps",
        "RFC 3834 section 2",
        _of_reports(program_reports.is_journal),
    ),
    Rule(RuleName.AUTOMATIC_REPLY, "a program answered by itself", "RFC 3834 section 2", _is_automatic_reply),
    Rule(RuleName.CHALLENGE, "a program wants proof that a person wrote to it", "RFC 3834 section 2", _challenges),
    Rule(
        RuleName.TRUSTED_RELAY,
        "a page that we trust passes on what a person wrote there",
        "RFC 5322 section 3.6.2",
        is_relayed,
        outcome="acknowledge",
    ),
    Rule(
        RuleName.NULL_SENDER,
        "its envelope sender is empty, so it must not be answered",
        "RFC 3834 section 2",
        _has_null_sender,
    ),
    Rule(
        RuleName.AUTOMATIC_SUBMISSION,
        "Auto-Submitted says that no person sent it",
        "RFC 3834 section 5",
        _is_auto_submitted,
    ),
    Rule(RuleName.BULK_MAIL, "it went to many people at once", "RFC 2369, RFC 2919, RFC 3834 section 2", _is_bulk),
    Rule(
        RuleName.SYSTEM_FOR_A_PERSON,
        "a program sent it, perhaps for a person of the same organisation",
        "RFC 3834 section 4",
        _names_a_person_to_answer,
        outcome="ask",
    ),
    Rule(RuleName.SYSTEM_SENDER, "nobody reads what is sent to its sender", "RFC 3834 section 2", _comes_from_a_system),
    Rule(RuleName.INVITATION, "it invites to a meeting", "RFC 6047", _is_invitation, outcome="ask"),
    Rule(RuleName.CALENDAR_MESSAGE, "a calendar program sent it", "RFC 6047", _is_calendar_mail),
    Rule(RuleName.RECALL, "a mail program takes back an earlier mail", "RFC 3834 section 2", _recalls),
    Rule(
        RuleName.SEVERAL_AUTHORS,
        "it does not say who alone wrote it, or where to answer",
        "RFC 5322 section 3.6.2",
        _is_unclear,
        outcome="ask",
    ),
    Rule(RuleName.MALFORMED_MAIL, "it does not say who, and who alone, wrote it", "RFC 3834 section 2", _is_malformed),
)
