"""Rules that recognise automatic mail, which must not be answered. They are tested in order; the first match applies.

No message is dropped: every rule says what becomes of it and why. The row numbers are those of the table in
docs/triage.md. No rule may match the mail of an ordinary person: a subject proves nothing (RFC 3834 section 3.1.5:
software should not infer automation from "Auto:"), a role address such as info@ or support@ may be a person's, and
X-Auto-Response-Suppress alone only says which answers its sender prefers not to get.
"""

import re

from bot.core.messages import Finding, Inbound, Mail, finding
from bot.core.rules import Facts, Rule, RuleName

_SUBJECTS = (
    *("automatic reply", "automatic response", "auto reply", "auto response", "autoreply", "out of office"),
    *("out of the office", "ateb awtomatig"),
    *("réponse automatique", "absence du bureau", "respuesta automática", "resposta automática"),
    *("risposta automatica", "risposta non al computer", "fuori sede", "răspuns automat"),
    *("abwesenheitsnotiz", "automatische antwort", "automatisch antwoord", "autosvar", "automatisk svar", "frånvaro"),
    *("automatyczna odpowiedź", "poza biurem", "automatická odpověď", "automatická odpoveď", "automatikus válasz"),
    *("automatinis atsakymas", "automātiskā atbilde", "otomatik yan\u0131t", "αυτόματη απάντηση"),
    *("автоматический ответ", "автоматична відповідь", "автоматичен отговор"),
    *("رد تلقائي", "自动回复", "自動回覆", "自動返信"),
)
# The whole subject, or the part before a colon or a dash: "Out of office hours?" is a question.
_AT_THE_START = re.compile(f"(?:{'|'.join(map(re.escape, _SUBJECTS))})\\s*(?:[:\uff1a\u2013-]|$)", re.IGNORECASE)


def looks_absent(subject: str) -> bool:
    """Tell whether the subject begins like that of an absence message."""
    return _AT_THE_START.match(subject.strip()) is not None


_BY_PROGRAMS = frozenset(
    {
        RuleName.OUR_OWN_MARK,
        RuleName.DELIVERY_REPORT,
        RuleName.READ_REPORT,
        RuleName.ABUSE_REPORT,
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
_REPLY_MARKS = ("x-autoreply", "x-autorespond", "x-autoresponse", "x-mail-autoreply")
_DELIVERY_REPORTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
# Programs that hold mail until its sender has proved to be a person.
_CHALLENGERS = ("x-boxtrapper", "x-tmda-", "x-askversion", "x-spamarrest", "x-qconfirm", "x-challenge")
_CHALLENGE = re.compile(
    r"verify#|\bverif(?:y|ication) (?:your|required|of your) |confirm your (?:e-?mail|message)", re.I
)
_READ_REPORTS = frozenset({"message/disposition-notification", "message/global-disposition-notification"})
_ABUSE_REPORTS = frozenset({"message/feedback-report"})
# RFC 3834 section 2 and RFC 5230 section 4.6. Only the ending -request: request-1-ab@ may be a person's own address.
_SYSTEM = re.compile(
    r"mailer-daemon|postmaster|listserv|majordomo|owner-.*|.*-owner|.*-request|.*-bounces?|bounces?(?:[+-].*)?"
    r"|(?:do[-._]?not|no)[-._]?reply.*|auto[-._]?reply"
)
# For envelope senders, only these: a person's mail may well leave through a service as bounces+123@.
_SYSTEM_ENVELOPE = re.compile(r"mailer-daemon|postmaster|listserv|majordomo|owner-.*|.*-owner|.*-request")


def is_system(address: str) -> bool:
    """Tell whether no person reads mail to this address, by its local part."""
    return _SYSTEM.fullmatch(_local_part(address)) is not None


def is_automatic(message: Inbound) -> bool:
    """Tell whether a program wrote the mail, by its own header; for mail that is certainly from staff."""
    if looks_absent(message.subject):
        return True
    return any(rule.name in _BY_PROGRAMS and rule.asks(message, Facts()) for rule in RULES)


def is_ours(message: Inbound, own: frozenset[str]) -> bool:
    """Tell whether it comes from one of our own addresses or bears our own mark: it may go round in circles."""
    return _comes_from(_mail(message), own) or _has_our_mark(_mail(message))


def is_own(address: str, own: frozenset[str]) -> bool:
    """Tell whether this is one of our addresses, possibly with a +tag."""
    address = address.lower()
    local, _, domain = address.rpartition("@")
    return address in own or f"{local.partition('+')[0]}@{domain}" in own


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
    if not is_staff_address(senders[0], facts) or is_automatic(message):
        return False
    # If a mail server authenticates senders, it must confirm this one: a forged answer would stop a clock.
    dmarc = finding(_mail(message), facts.authserv_id)
    return message.outgoing or dmarc is (Finding.PASSED if facts.authserv_id else Finding.UNKNOWN)


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
    return _comes_from(_mail(message), facts.own)


def _comes_from(mail: Mail, own: frozenset[str]) -> bool:
    senders = [party.address for party in mail.from_addresses] + [mail.return_path or ""]
    return any(is_own(address, own) for address in senders if address)


def _bears_our_mark(message: Inbound, _: Facts) -> bool:
    return _has_our_mark(_mail(message))


def _has_our_mark(mail: Mail) -> bool:
    return bool(mail.values("x-ackbot-loop"))


def _reports(mail: Mail, report_type: str, kinds: frozenset[str]) -> bool:
    if mail.content_type in kinds:
        return True
    return mail.content_type == "multipart/report" and (
        mail.report_type == report_type or not kinds.isdisjoint(mail.parts)
    )


def _is_delivery_report(message: Inbound, facts: Facts) -> bool:
    mail = _mail(message)
    is_report = mail.return_path == "" and bool(mail.values("x-failed-recipients"))
    # A report that follows no standard is recognised by the address that receives nothing else.
    is_report = is_report or (facts.is_about_our_mail and (mail.return_path == "" or bool(mail.reports)))
    return is_report or _reports(mail, "delivery-status", _DELIVERY_REPORTS)


def _is_read_report(message: Inbound, _: Facts) -> bool:
    return _reports(_mail(message), "disposition-notification", _READ_REPORTS)


def _is_abuse_report(message: Inbound, _: Facts) -> bool:
    return _reports(_mail(message), "feedback-report", _ABUSE_REPORTS)


def _is_auto_submitted(message: Inbound, _: Facts) -> bool:
    # A single field other than "no" is enough, and parameters must not hide the keyword (RFC 3834 sections 2 and 5.2).
    return any(keyword(value) != "no" for value in _mail(message).values("auto-submitted"))


def _is_automatic_reply(message: Inbound, facts: Facts) -> bool:
    mail = _mail(message)
    if any(value.lower() not in ("no", "false", "0") for mark in _REPLY_MARKS for value in mail.values(mark)):
        return True
    if any("autoresponder" in value.lower() for value in mail.values("x-post-messageclass")):
        return True
    if not _precedences(mail).isdisjoint({"auto_reply", "auto-reply"}):
        return True
    return facts.thread is not None and (_is_auto_submitted(message, facts) or looks_absent(message.subject))


def _precedences(mail: Mail) -> set[str]:
    return {keyword(value) for value in mail.values("precedence")}


def _has_null_sender(message: Inbound, _: Facts) -> bool:
    return _mail(message).return_path == ""


def _is_bulk(message: Inbound, _: Facts) -> bool:
    mail = _mail(message)
    if any(name.startswith("list-") or name in ("feedback-id", "x-mailing-list") for name, _ in mail.headers):
        return True
    return not _precedences(mail).isdisjoint({"list", "bulk", "junk"})


def _comes_from_a_system(message: Inbound, _: Facts) -> bool:
    mail = _mail(message)
    if mail.return_path and _SYSTEM_ENVELOPE.fullmatch(_local_part(mail.return_path)):
        return True
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


def _is_malformed(message: Inbound, _: Facts) -> bool:
    mail = message.mail
    if mail is None or len(mail.from_addresses) == 1:
        return False
    # Several authors are allowed (RFC 5322 section 3.6.2); the envelope must then name the one who wrote.
    return (mail.return_path or "").lower() not in {party.address.lower() for party in mail.from_addresses}


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
    Rule(RuleName.DELIVERY_REPORT, "it reports on the delivery of a mail", "RFC 3464, RFC 6533", _is_delivery_report),
    Rule(RuleName.READ_REPORT, "it reports that a mail was displayed or deleted", "RFC 8098", _is_read_report),
    Rule(RuleName.ABUSE_REPORT, "it reports a mail as unwanted", "RFC 5965", _is_abuse_report),
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
    Rule(RuleName.MALFORMED_MAIL, "it does not say who, and who alone, wrote it", "RFC 3834 section 2", _is_malformed),
)
