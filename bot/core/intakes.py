"""Decides what becomes of a message: by the rules for automatic mail, then those for people's; the first match wins."""

from dataclasses import dataclass, replace

from bot.core import acknowledgements, autoreplies, own_lists, robots, stop_words
from bot.core.authentications import Finding, finding
from bot.core.messages import Inbound, Mail
from bot.core.rules import Facts, Outcome, Rule, RuleName

__all__ = ["RULES", "Facts", "Outcome", "RuleName", "Verdict", "triage"]


# https://developers.google.com/workspace/gmail/reactions/format
_REACTION = "text/vnd.google.email-reaction+json"


def _is_by_program(message: Inbound, _: Facts) -> bool:
    return message.post is not None and message.post.by_program


def _is_reaction(message: Inbound, facts: Facts) -> bool:
    if message.mail is not None:
        return _REACTION in message.mail.parts or _reacts_by_outlook(message, facts)
    return message.post is not None and message.post.kind == "reaction"


def _reacts_by_outlook(message: Inbound, facts: Facts) -> bool:
    # Outlook leaves no mark of it but the subject, which proves nothing outside a thread of ours.
    return facts.thread is not None and "reacted to your" in message.subject


def _is_comment(message: Inbound, _: Facts) -> bool:
    return message.post is not None and message.post.kind == "comment"


def may_be_answered(message: Inbound, facts: Facts) -> bool:
    """Tell whether the account answers private, or public, messages automatically."""
    return facts.receipts in ("both", message.visibility)


def _is_not_answered_here(message: Inbound, facts: Facts) -> bool:
    return message.post is not None and facts.thread is None and not may_be_answered(message, facts)


def _says_stop(message: Inbound, _: Facts) -> bool:
    return message.post is not None and stop_words.says_stop(message)


def _says_start(message: Inbound, _: Facts) -> bool:
    return message.post is not None and stop_words.says_start(message)


PLATFORM_RULES: tuple[Rule, ...] = (
    Rule(RuleName.PROGRAMS_POST, "the platform says that a program wrote it", "RFC 3834 section 2", _is_by_program),
    Rule(RuleName.REACTION, "it is a reaction without words", "our standard", _is_reaction),
    Rule(RuleName.STOP_WORD, "they asked for no more text messages", "our standard", _says_stop),
    Rule(RuleName.START_WORD, "they asked for text messages again", "our standard", _says_start),
    Rule(RuleName.COMMENT, "it stands under something that we published", "our standard", _is_comment),
    Rule(
        RuleName.NOT_ANSWERED_HERE,
        "the configuration says that this account does not answer such messages by itself",
        "our standard",
        _is_not_answered_here,
        outcome="ask",
    ),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome for a message, with the rule and the reason.

    acknowledge: a new contact, and a receipt to `recipient` (None: the page that took it was the receipt) ·
    log: kept with its reason, not answered · attach: added to the contact that it answers (`recipient` may be told
    so) · undeliverable: our message did not arrive · ask: a new contact; staff decide whether it gets a receipt.
    """

    outcome: Outcome
    rule: RuleName
    reason: str
    recipient: str | None = None


_NOTHING: list[str] = []
_LONGEST_ADDRESS = 400


def _answers_a_contact(_: Inbound, facts: Facts) -> bool:
    return facts.thread is not None


def _cannot_be_reached(message: Inbound, _: Facts) -> bool:
    # Somebody who leaves a phone number on the form can be reached; the page has shown the receipt.
    silent = message.post is not None or not any(message.fields.values())
    return message.mail is None and message.sender is None and silent


def _only_asks_for_no_answer(message: Inbound, _: Facts) -> bool:
    # Honouring it loses people: Exchange and several mail programs put it on what a person typed.
    return message.mail is not None and bool(message.mail.values("x-auto-response-suppress"))


def _is_forged(message: Inbound, facts: Facts) -> bool:
    return message.mail is not None and _finding(message.mail, facts) is Finding.FAILED


def _finding(mail: Mail, facts: Facts) -> Finding:
    """Return what our own mail server says of the author, where one is trusted."""
    return finding(mail, facts.authserv_id) if facts.authserv_id else Finding.UNKNOWN


def _is_unwanted(message: Inbound, facts: Facts) -> bool:
    if message.junk:
        return True
    values = _NOTHING if not facts.spam_header or message.mail is None else message.mail.values(facts.spam_header)
    return any(autoreplies.keyword(value) in ("yes", "true", "1") for value in values)


def _names_us(addresses: tuple[str, ...], facts: Facts) -> bool:
    return any(acknowledgements.is_own(address, facts.own) for address in addresses)


def _is_not_addressed_to_us(message: Inbound, facts: Facts) -> bool:
    # Only where every address of ours is known: mail may come here by an alias of another name.
    mail = message.mail
    return facts.own_complete and mail is not None and not _names_us(mail.addressed(), facts)


def _is_copied_to_us(message: Inbound, facts: Facts) -> bool:
    mail = message.mail
    if mail is None or not mail.to or _names_us(mail.to, facts):
        return False
    return _names_us(mail.cc, facts)


def _is_filled_in_by_program(message: Inbound, _: Facts) -> bool:
    return message.by_program


def _looks_absent(message: Inbound, _: Facts) -> bool:
    return message.mail is not None and autoreplies.looks_absent(message.subject)


def _has_no_words(message: Inbound, _: Facts) -> bool:
    return not message.text.strip()


def _always(_: Inbound, __: Facts) -> bool:
    return True


RULES: tuple[Rule, ...] = (
    *autoreplies.RULES,
    *PLATFORM_RULES,
    Rule(
        RuleName.HUMAN_REPLY,
        "a person goes on with a contact",
        "RFC 5322 section 3.6.4",
        _answers_a_contact,
    ),
    Rule(RuleName.UNWANTED_MAIL, "our mail server takes it for unwanted", "RFC 5451 section 1.5", _is_unwanted),
    Rule(
        RuleName.FAILED_AUTHENTICATION,
        "our mail server found that it does not come from whom it names",
        "RFC 8601, RFC 7489",
        _is_forged,
        outcome="ask",
    ),
    Rule(RuleName.NO_ADDRESS, "there is no address to answer to", "RFC 3834 section 2", _cannot_be_reached),
    Rule(
        RuleName.FILLED_IN_BY_PROGRAM,
        "the form was sent sooner than people write, or with a field filled in that they do not see",
        "our standard",
        _is_filled_in_by_program,
        outcome="ask",
    ),
    Rule(
        RuleName.LOOKS_AUTOMATIC,
        "its subject is one that programs use, and nothing else says so",
        "our standard",
        _looks_absent,
        outcome="ask",
    ),
    Rule(
        RuleName.NOT_ADDRESSED_TO_US,
        "no address of ours stands in its header",
        "RFC 3834 section 2",
        _is_not_addressed_to_us,
    ),
    Rule(RuleName.COPIED_IN, "it went to somebody else, and to us for information", "our standard", _is_copied_to_us),
    Rule(
        RuleName.SUPPRESS_HEADER,
        "a person wrote; X-Auto-Response-Suppress alone is no sign of a program",
        "MS-OXCMAIL 2.1.3.2.20",
        _only_asks_for_no_answer,
        outcome="acknowledge",
    ),
    Rule(
        RuleName.NO_WORDS,
        "a person wrote; no words of theirs could be read",
        "our standard",
        _has_no_words,
        outcome="acknowledge",
    ),
    Rule(RuleName.PERSON, "a person wrote", "our standard", _always, outcome="acknowledge"),
)


def by_author(message: Inbound, own: frozenset[str]) -> Inbound:
    """Return the message under the name of its author, where a list of ours has put its own name there."""
    return own_lists.as_written(message, own) if autoreplies.may_be_by_list(message) else message


def triage(message: Inbound, facts: Facts) -> Verdict:
    """Return the outcome for `message`. There is always one: the last rule matches everything."""
    message = by_author(message, facts.own)
    rule = next(rule for rule in RULES if rule.asks(message, facts))
    outcome = rule.outcome if facts.thread is None else rule.in_thread
    if rule.name is RuleName.DELIVERY_REPORT and facts.is_about_our_mail:
        outcome = _report_outcome(message, facts)
    verdict = Verdict(outcome, rule.name, rule.reason)
    if rule.name is RuleName.HUMAN_REPLY:
        return _with_writer(verdict, message, facts)
    return _addressed(verdict, message, facts) if outcome == "acknowledge" else verdict


def _report_outcome(message: Inbound, facts: Facts) -> Outcome:
    """RFC 3464 section 2.3.3: only `failed` says that our mail did not arrive and will not; in doubt staff look."""
    from bot.core import nondelivery  # noqa: PLC0415 - hardly any mail is a report

    reports = nondelivery.reports_of(message)
    if any(report.action == "failed" for report in reports):
        return "undeliverable"
    # What comes back from staff's own addresses opens no contact: its alerts would come back, too.
    return "attach" if reports or facts.is_to_staff else "ask"


def _with_writer(verdict: Verdict, message: Inbound, facts: Facts) -> Verdict:
    if message.post is not None or message.told_by != "us":
        return verdict  # in a conversation they see themselves that it is there, and who was spoken to knows it
    address = _recipient(message, facts)
    withheld = message.junk or bool(message.doubt) or _is_forged(message, facts)
    recipient = None if address is None or withheld or _objection(address, facts, message) else address
    return replace(verdict, recipient=recipient)


def _addressed(verdict: Verdict, message: Inbound, facts: Facts) -> Verdict:
    """The verdict with the recipient of the receipt, or left to staff where none is proven."""
    if message.told_by == "at once":
        return verdict
    if message.junk or message.doubt or message.told_by == "staff":
        return _left_to_staff(verdict, message)
    address = _recipient(message, facts)
    if message.post is not None:
        return replace(verdict, recipient=address)  # the platform itself says who wrote
    objection = _objection(address, facts, message)
    if address is None and message.mail is None:
        return verdict
    if objection:
        return Verdict("ask", verdict.rule, f"{verdict.reason}, but {objection}")
    return Verdict(verdict.outcome, verdict.rule, verdict.reason, address)


def _left_to_staff(verdict: Verdict, message: Inbound) -> Verdict:
    if message.junk:  # by a rule before that of unwanted mail, such as that of a trusted relay
        return Verdict("log", RuleName.UNWANTED_MAIL, "our mail server takes it for unwanted")
    why = message.doubt or "staff must tell them that we have it: no message of ours can"
    return replace(verdict, outcome="ask", reason=f"{verdict.reason}, but {why}")


def _recipient(message: Inbound, facts: Facts) -> str | None:
    if message.mail is not None and autoreplies.is_relayed(message, facts):
        return message.mail.reply_to[0]
    if message.mail is not None:
        vouched = _finding(message.mail, facts) is Finding.PASSED
        vouched = vouched or autoreplies.is_passed_on(message.mail, facts.own)
        return acknowledgements.recipient(message.mail, vouched=vouched)
    return message.sender.address if message.sender else None


def _objection(address: str | None, facts: Facts, message: Inbound) -> str:
    if address is None:
        return "no address is proven to be theirs"
    if acknowledgements.is_own(address, facts.own):
        return "the answer would go to one of our own addresses"
    if autoreplies.is_system(address):
        return "the only proven address belongs to a program"
    if _is_envelope_alone(address, message) and robots.BOUNCES_ONLY.search(address[-_LONGEST_ADDRESS:]):
        return "the only proven address takes nothing but bounces"
    return ""


def _is_envelope_alone(address: str, message: Inbound) -> bool:
    senders = message.mail.from_addresses if message.mail else ()
    return message.mail is not None and address.lower() not in {party.address.lower() for party in senders}
