"""Reports, journals and reactions by mail: a program's are logged, a reaction is added to its thread and no more."""

import itertools
from dataclasses import replace

import pytest

from bot.core.intakes import Facts, Verdict, triage
from bot.core.messages import Inbound
from bot.wire.mail import mime

OWN = "us@council.example"
FACTS = Facts(frozenset({OWN}))
IN_THREAD = replace(FACTS, thread="EX-7K3M-9QPH", person="robin@residents.example")
TEXT = ("text/plain", "See below.")


def multipart(kind: str, *parts: tuple[str, str], boundary: str = "b") -> tuple[str, str]:
    """The type and the body of a multipart."""
    body = "".join(f"--{boundary}\nContent-Type: {name}\n\n{content}\n" for name, content in parts)
    return f'multipart/{kind}; boundary="{boundary}"', f"{body}--{boundary}--\n"


def mail(content: tuple[str, str], sender: str = "robin@residents.example", **headers: str) -> Inbound:
    """A mail of this type and body."""
    lines = {"From": sender, "To": OWN, "Subject": "Hello", "Message-ID": "<1@x>", "Content-Type": content[0]}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    raw = "".join(f"{name}: {value}\n" for name, value in lines.items()) + f"\n{content[1]}"
    return mime.read(raw.encode(), channel="inbox", received_at=None, return_path=sender)


def judged(message: Inbound, facts: Facts = FACTS) -> Verdict:
    """What becomes of it."""
    return triage(message, facts)


@pytest.mark.parametrize(
    ("report_type", "part", "row"),
    [
        ("delivery-status", "message/delivery-status", 3),
        ("delivery-status", "message/global-delivery-status", 3),
        ("disposition-notification", "message/disposition-notification", 4),
        ("feedback-report", "message/feedback-report", 5),
        ("tlsrpt", "application/tlsrpt+gzip", 5),
        ("multicast", "text/plain", 5),
        ("x-of-tomorrow", "application/x-of-tomorrow", 5),
        ("", "text/plain", 5),
    ],
)
def test_every_report_is_a_programs(report_type: str, part: str, row: int) -> None:
    """Any multipart/report, and the parts that only reports have, wherever they stand."""
    named = f"report; report-type={report_type}" if report_type else "report"
    verdict = judged(mail(multipart(named, TEXT, (part, "Field: x"))))
    assert (verdict.outcome, verdict.rule.row, verdict.recipient) == ("log", row, None)
    if part.startswith("message/"):
        for parts in itertools.permutations([TEXT, (part, "Field: x")]):
            inner = multipart("mixed", *parts, boundary="c")
            assert judged(mail(multipart("mixed", *parts))).rule.row == row
            assert judged(mail(multipart("mixed", inner, TEXT))).rule.row == row


DMARC = "Report Domain: council.example Submitter: provider.example Report-ID: 1234"


@pytest.mark.parametrize("subject", [DMARC, DMARC.lower(), f"[Preview] {DMARC}", DMARC.replace(": ", ":  ")])
@pytest.mark.parametrize(
    "kind", ["application/gzip", "application/zip", "application/x-gzip", "application/x-zip-compressed"]
)
def test_a_report_about_our_domain_is_a_programs(subject: str, kind: str) -> None:
    """RFC 7489 section 7.2.1.1 fixes its subject; a mail with those words and no file is a person's."""
    sender = "dmarcreport@provider.example"
    assert judged(mail(multipart("mixed", TEXT, (kind, "x")), sender, Subject=subject)).rule.row == 5
    assert judged(mail((kind, "x"), sender, Subject=subject)).rule.row == 5
    assert judged(mail(TEXT, Subject=subject)).rule.row == 24
    assert judged(mail(multipart("mixed", TEXT, (kind, "x")), Subject="Report of our domain")).rule.row == 24


ENVELOPE = (
    "Sender: ann@residents.example\nSubject: Missed bin\nMessage-Id: <1@residents.example>\n"
    "Recipient: us@council.example\n"
)


def test_a_journal_copy_is_logged() -> None:
    """By Exchange's own field, or by the envelope that it writes before the mail."""
    enclosed = ("message/rfc822", "From: ann@residents.example\nSubject: Missed bin\n\nMy bin was missed.")
    content = multipart("mixed", ("text/plain", ENVELOPE), enclosed)
    assert judged(mail(content)).rule == "5 journal copy"
    assert judged(mail(multipart("mixed", TEXT, enclosed))).rule.row == 24
    assert judged(mail(multipart("mixed", TEXT, enclosed), X_MS_Journal_Report="")).rule == "5 journal copy"
    assert judged(mail(multipart("mixed", ("text/plain", f"Look:\n{ENVELOPE}"), enclosed))).rule.row == 24


REACTION = multipart(
    "alternative",
    ("text/plain", "\U0001f44d\n\nRobin Page reacted via Gmail"),
    ("text/vnd.google.email-reaction+json", '{"emoji":"x","version":1}'),
    ("text/html", "<p>Robin Page reacted via Gmail</p>"),
)


def test_a_reaction_by_mail_is_a_reaction() -> None:
    """Gmail gives it a part of its own; alone it is logged, in a thread added, and nobody is written to."""
    assert (judged(mail(REACTION)).outcome, judged(mail(REACTION)).rule.row) == ("log", 26)
    verdict = judged(mail(REACTION), IN_THREAD)
    assert (verdict.outcome, verdict.rule.row, verdict.recipient) == ("attach", 26, None)


def test_outlooks_reaction_counts_in_a_thread_only() -> None:
    """It shows by its subject alone, which proves nothing of a stranger; what allows reactions is none."""
    subject = "Robin Page reacted to your message: We have your message"
    assert judged(mail(TEXT, Subject=subject), IN_THREAD).rule.row == 26
    assert judged(mail(TEXT, Subject=subject)).rule.row == 24
    for value in ("allow", "disallow"):
        assert judged(mail(TEXT, x_ms_reactions=value)).rule.row == 24
        assert judged(mail(TEXT, x_ms_reactions=value), IN_THREAD).rule.row == 8
