"""Whose fault a mail server's refusal is: by its code, its status, its words, and the step at which it says no."""

import itertools
import time

import pytest

from bot.channel import ChannelError, Misconfigured, Permanent, Temporary
from bot.wire.mail.refusals import About, refusal
from bot.wire.refusals import Doubtful, Full

PERSON = "resident1@residents.example"
# As the mail servers of large providers, and the programs that most others run, write them.
ABOUT_US = """
    550 5.4.5 Daily user sending limit exceeded.
    550 5.4.5 Daily sending quota exceeded
    550 5.1.8 Access denied, bad outbound sender
    501 5.1.7 Bad sender address syntax
    550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients
    550 5.7.1 Client does not have permissions to send as this sender: not authorized to send
    550 5.7.60 SMTP; Client does not have permissions to send as this sender
    530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM
    554 5.2.252 SendAsDenied; not allowed to send as
    550 5.7.705 Access denied, tenant has exceeded threshold
    550 5.7.708 Access denied, traffic not accepted from this IP
    550 5.7.750 Service unavailable. Client blocked from sending from unregistered domains
    550 5.7.606 Access denied, banned sending IP [192.0.2.1]
    550 5.7.511 Access denied, banned sender[192.0.2.1]
    550 5.7.501 Access denied, spam abuse detected
    550 5.7.26 This mail has been blocked because the sender is unauthenticated.
    550 5.7.25 The IP address sending this message does not have a PTR record setup
    550 5.7.23 The message was rejected because of Sender Policy Framework violation
    550 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org
    554 5.7.1 Your IP is on our block list
    550 5.7.1 Rejected: your server is on a blacklist
    554 Your access to this mail system has been rejected due to the sending MTA's poor reputation
    550 rate limit exceeded
    550 5.7.0 Sending rate limit reached, try tomorrow
    550 5.7.1 Hourly quota exceeded
    554 5.7.1 <x@y.example>: Relay access denied
    550 relay not permitted
    550 5.7.1 Unable to relay
    553 5.7.1 <us@example.gov.uk>: Sender address rejected: not owned by user
    550 5.1.0 <us@example.gov.uk> sender rejected
    550 Sender verify failed
    530 5.7.0 Authentication required
    535 5.7.8 Authentication failed
    550 5.7.1 Message rejected due to DMARC policy
    554 Message rejected: Email address is not verified.
    550 5.7.1 Your account has been suspended
    552 5.2.2 Submission quota exceeded
"""
ABOUT_THE_RECIPIENT = """
    550 5.1.1 User unknown
    550 5.1.1 host mx said: 554 Relay access denied
    550 5.1.1 blocked by spamhaus, and unknown here
    550 5.1.10 RESOLVER.ADR.RecipientNotFound
    550 5.4.1 Recipient address rejected: Access denied
    550 5.2.1 The email account that you tried to reach is disabled
    550 User unknown
    550 no such mailbox
    550 5.7.1 Recipient rejected: user unknown
    550 5.7.1 <x@y.example>: Recipient address rejected: Access denied
    550 5.7.1 This group is not permitted to receive mail from outside
    550 5.7.129 Access denied, not in the list of those who may write to it
    550 5.7.133 sender not authenticated for group
    550 5.7.2 mailing list expansion prohibited
    552 5.3.4 Message size exceeds fixed limit
    552 5.2.3 Message exceeds the size limit of the recipient
    554 5.6.0 Bad content
    550 No
"""
FULL = """
    552 5.2.2 Mailbox full
    550 5.2.2 The recipient is over quota
    554 5.2.2 mailbox full relay=mx1.example
    552 mailbox quota exceeded
    550 Mailbox is full
"""
DOUBTFUL = """
    550 5.7.1 Message rejected
    554 5.7.1 Looks like spam
    554 5.7.0 Reject, id=12345-06
    550-5.7.1 Our system has detected that this message is likely unsolicited mail
    550 5.7.5 policy
    550 blocked
    554 rejected for policy reasons
"""
LATER = """
    450 4.2.1 Mailbox busy
    452 4.2.2 Mailbox full
    451 4.7.1 Greylisted
    421 4.7.0 blocked using zen.spamhaus.org
    454 4.7.1 Relay access denied
    354 what
"""
FAULTS: dict[type[ChannelError], str] = {
    Misconfigured: ABOUT_US,
    Permanent: ABOUT_THE_RECIPIENT,
    Full: FULL,
    Doubtful: DOUBTFUL,
    Temporary: LATER,
}
CASES = [(kind, line.strip()) for kind, lines in FAULTS.items() for line in lines.strip().splitlines()]


def kind_of(about: About, answer: str) -> type[ChannelError]:
    """What an answer means at this step."""
    return type(refusal(about, int(answer[:3]), answer[4:], PERSON))


@pytest.mark.parametrize("about", ["recipient", "content"])
@pytest.mark.parametrize(("kind", "answer"), CASES, ids=[answer[:50] for _, answer in CASES])
def test_whose_fault_it_is(kind: type[ChannelError], answer: str, about: About) -> None:
    """The same at RCPT as after the content: it is the words that say whom they are about."""
    assert kind_of(about, answer) is kind


@pytest.mark.parametrize(("kind", "answer"), CASES, ids=[answer[:50] for _, answer in CASES])
def test_at_mail_and_before_every_refusal_is_about_us(kind: type[ChannelError], answer: str) -> None:
    """No recipient has been named: 5xx is for staff, but for a message that is too long (RFC 1870)."""
    expected = Temporary if kind is Temporary else Misconfigured
    assert kind_of("connection", answer) is expected
    is_too_long = answer.startswith("552") and answer.split()[1] not in ("5.2.2",)
    assert kind_of("sender", answer) is (Permanent if is_too_long else expected)


def test_552_to_rcpt_is_a_full_mailbox_and_after_the_content_is_not() -> None:
    """RFC 5321 section 4.2.3 knows 552 for both; without another word RCPT can only mean the mailbox."""
    assert kind_of("recipient", "552 Requested mail action aborted") is Full
    assert kind_of("content", "552 Requested mail action aborted") is Permanent


def test_every_code_has_a_meaning_and_4xx_is_never_final() -> None:
    """All codes, classes and subjects: nothing raises, and what the server itself calls passing is tried again."""
    steps: tuple[About, ...] = ("connection", "sender", "recipient", "content")
    for about, code, subject, detail in itertools.product(
        steps, range(200, 600, 7), range(9), (0, 1, 2, 5, 8, 90, 708)
    ):
        kind = kind_of(about, f"{code} {code // 100}.{subject}.{detail} words")
        assert issubclass(kind, Temporary) if code < 500 else kind is not Temporary


def test_a_hostile_answer_costs_no_time() -> None:
    """However long, and however made to mislead the patterns."""
    began = time.perf_counter()
    for text in ("sender " * 20_000, "daily a " * 20_000, "5." * 50_000, "not " * 30_000, " " * 100_000, "@" * 100_000):
        refusal("recipient", 550, text, PERSON)
    assert time.perf_counter() - began < 5
