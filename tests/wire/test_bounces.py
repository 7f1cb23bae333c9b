"""A report about our own mail is read in every form, or shown to staff: none is silent, none is acknowledged."""

import base64
import itertools
import quopri
import re
from dataclasses import replace

import pytest

from bot.core import nondelivery
from bot.core.intakes import Facts, Verdict, triage
from bot.core.messages import Inbound
from bot.wire.mail import mime
from tests.core.test_corpora import BOUNCES

PERSON, SIGNED = "pat@gone.example", "us+b12.abcdefghijkl@council.example"
ABOUT_OURS = Facts(
    frozenset({"us@council.example"}), "EX-7K3M-9QPH", person=PERSON, is_about_our_mail=True, addressee=PERSON
)
ORIGINAL = (
    "Return-Path: <us+b12.abcdefghijkl@council.example>\nReceived: from mx.council.example by mx.gone.example with "
    "ESMTP id 550A; 554 5.0.0\nFrom: us@council.example\nTo: pat@gone.example\nSubject: We have your message\n"
    "X-Ackbot-Loop: b12.x\n\nYour reference is EX-7K3M-9QPH. Telephone 0300 555 550.\n"
)
CLASSES = {"5.1.1": "undeliverable", "5.7.26": "undeliverable", "4.4.1": "attach", "4.2.2": "attach"}
WORDS = {"5": "The mail could not be delivered.", "4": "Delivery is delayed. We will keep trying."}


def fields(status: str, action: str | None = None, diagnosis: str = "") -> str:
    """The fields of RFC 3464 about one recipient."""
    action = action if action is not None else ("failed" if status.startswith("5") else "delayed")
    lines = ["Reporting-MTA: dns; mx.gone.example", "", f"Final-Recipient: rfc822; {PERSON}"]
    lines += [f"Action: {action}"] if action else []
    lines += [f"Status: {status}"] if status else []
    lines += [f"Diagnostic-Code: smtp; {diagnosis}"] if diagnosis else []
    return "\n".join(lines) + "\n"


def multipart(*parts: tuple[str, str], kind: str = "multipart/report; report-type=delivery-status") -> tuple[str, str]:
    """The type and the body of a mail with these parts."""
    body = "".join(f"--b\nContent-Type: {content_type}\n\n{content}\n" for content_type, content in parts)
    return f'{kind}; boundary="b"', f"{body}--b--\n"


def bounce(content_type: str, body: str, *, encoding: str = "7bit", **headers: str) -> Inbound:
    """What comes to our signed address from the null sender."""
    lines = {
        "From": "MAILER-DAEMON@mx.gone.example",
        "To": SIGNED,
        "Subject": "Undelivered",
        "MIME-Version": "1.0",
        "Content-Type": content_type,
        "Content-Transfer-Encoding": encoding,
    } | headers
    raw = "".join(f"{name}: {value}\n" for name, value in lines.items()) + f"\n{body}"
    return mime.read(raw.encode(), channel="inbox", received_at=None, return_path="")


def structures(status: str) -> dict[str, tuple[str, str]]:
    """The same class, wherever a server may write it."""
    words, code = WORDS[status[0]], "550" if status.startswith("5") else "451"
    text, original = ("text/plain", words), ("message/rfc822", ORIGINAL)
    report = ("message/delivery-status", fields(status))
    answer = f"{words}\n\n{PERSON}\nRemote server returned '{code} {status} not found by lookup'\n"
    lines = f"{words}\n\nTechnical report:\n\n{fields(status)}"
    page = f"<html><body><p>{words}</p><p>{PERSON}</p><p>Remote server returned &#39;{code} {status} no&#39;</p></body>"
    return {
        "a report": multipart(text, report, original),
        "a report without its type": multipart(text, report, original, kind="multipart/report"),
        "a mixed mail": multipart(text, report, original, kind="multipart/mixed"),
        "international": multipart(text, ("message/global-delivery-status", fields(status)), original),
        "a word of the relay's own": multipart(text, ("message/delivery-status", fields(status, "expired"))),
        "no word": multipart(text, ("message/delivery-status", fields(status, ""))),
        "the diagnosis alone": multipart(
            text, ("message/delivery-status", fields("", diagnosis=f"{code} {status} no", action=""))
        ),
        "no part for programs": multipart(("text/plain", answer), original),
        "fields in the text": ("text/plain", lines),
        "fields in the text of a report": multipart(("text/plain", lines), original),
        "an answer in the text": ("text/plain", answer),
        "an answer above the original": (
            "text/plain",
            f"{answer}\n--- Below this line is a copy of the message.\n\n{ORIGINAL}",
        ),
        "an answer in HTML": ("text/html", page),
        "HTML in a report": multipart(("text/html", page), original),
        "as qmail has it": ("text/plain", f"{words}\n\n<{PERSON}>:\nSorry. (#{status})\n"),
        "as Exim has it": (
            "text/plain",
            f"{words}\n\n  {PERSON}\n    SMTP error from remote server: {code} {status} no\n",
        ),
        "as Notes has it": (
            "text/plain",
            f"{words}\n\n{PERSON}\n{code} {status} User not listed in Domino Directory\n",
        ),
        "a bare code": ("text/plain", f"{words}\n\n{PERSON}: host mx.gone.example said: {code} no\n"),
        "a code in a sentence": ("text/plain", f"{words}\n\nThe reason: <<< {code}-no such person\n"),
    }


@pytest.mark.parametrize("status", CLASSES)
@pytest.mark.parametrize("structure", structures("5.1.1"))
def test_the_class_is_read_wherever_it_stands(status: str, structure: str) -> None:
    """In its part, in fields in plain text, in a diagnosis or in a server's answer; as it is, in base64 and quoted."""
    content_type, body = structures(status)[structure]
    packed = base64.encodebytes(body.encode()).decode()
    quoted = quopri.encodestring(body.encode()).decode()
    forms = [bounce(content_type, body)]
    if not content_type.startswith("multipart/"):
        forms += [
            bounce(content_type, packed, encoding="base64"),
            bounce(content_type, quoted, encoding="quoted-printable"),
        ]
    for message in forms:
        verdict = triage(message, ABOUT_OURS)
        assert (verdict.outcome, verdict.rule.row) == (CLASSES[status], 3), nondelivery.reports_of(message)


@pytest.mark.parametrize(
    ("action", "status", "outcome"),
    [
        ("failed", "5.1.1", "undeliverable"),
        ("failed", "4.4.7", "undeliverable"),
        ("failed", "", "undeliverable"),
        ("failed", "2.0.0", "undeliverable"),
        ("FAILED (gone)", "5.1.1", "undeliverable"),
        ("expired", "5.4.7", "undeliverable"),
        ("expired", "4.4.7", "undeliverable"),
        ("bounced", "5.0.0", "undeliverable"),
        ("relayed", "5.0.0", "undeliverable"),
        ("delivered", "5.0.0", "undeliverable"),
        ("deferred", "4.2.0", "attach"),
        ("delayed", "4.4.1", "attach"),
        ("delayed", "", "attach"),
        ("relayed", "2.0.0", "attach"),
        ("relayed", "", "attach"),
        ("delivered", "2.0.0", "attach"),
        ("expanded", "2.0.0", "attach"),
        ("unknown", "", "ask"),
        ("", "", "ask"),
    ],
)
def test_a_word_of_a_relays_own_goes_by_the_class(action: str, status: str, outcome: str) -> None:
    """RFC 3463 section 2: class 5 says that it failed, whatever the word; and no class at all is for staff."""
    message = bounce(*multipart(("text/plain", "Given up."), ("message/delivery-status", fields(status, action))))
    assert triage(message, ABOUT_OURS).outcome == outcome


@pytest.mark.parametrize(
    "text",
    [
        "Die Nachricht konnte nicht zugestellt werden.",
        "",
        "See the attached file.",
        "Your mail passed through 192.0.2.55 with Exim 4.9.2 at 15:50:12, id 550-4.5.",
        "Call us on 0300 555 550. Our address is 554 High Street.",
    ],
)
@pytest.mark.parametrize(
    "sender", ["MAILER-DAEMON@mx.gone.example", "dev@mx.gone.example", "Postmaster <x@gone.example>"]
)
def test_what_cannot_be_read_is_for_staff(text: str, sender: str) -> None:
    """Nothing else comes to this address from the null sender; what went to staff themselves opens no contact."""
    message = bounce("text/plain", text, From=sender)
    verdict = triage(message, ABOUT_OURS)
    assert (verdict.outcome, verdict.rule.row) == ("ask", 3)
    to_staff = Facts(ABOUT_OURS.own, is_about_our_mail=True, is_to_staff=True)
    assert triage(message, to_staff).outcome == "attach"


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        (
            "I'm not going to try again; this message has been in the queue too long. 451 4.4.1",
            "undeliverable",
        ),
        ("A permanent error: retry timeout exceeded. 451 4.4.1", "undeliverable"),
        ("This is a permanent error. The following address failed: pat@gone.example", "undeliverable"),
        (
            "Warning: 451 4.4.1 no answer. The mail could not be delivered yet; we will keep trying for 5 days.",
            "attach",
        ),
    ],
)
def test_a_temporary_code_in_a_final_report_is_final(text: str, outcome: str) -> None:
    """The server has given up: nothing more will come."""
    assert triage(bounce("text/plain", text), ABOUT_OURS).outcome == outcome


@pytest.mark.parametrize(
    ("sender", "subject", "mark"),
    [
        (PERSON, "We have your message", "auto-replied"),
        (PERSON, "Out of office until Monday", ""),
        ("pat.alias@gone.example", "Automatic reply: We have your message", ""),
        ("pat.alias@gone.example", "Abwesenheitsnotiz", "auto-replied"),
    ],
)
def test_an_answer_of_somebody_who_is_away_is_no_bounce(sender: str, subject: str, mark: str) -> None:
    """RFC 3834 section 4: vacation programs answer where bounces go, from the null sender."""
    message = bounce(
        "text/plain", "I am away.", From=sender, Subject=subject, **({"Auto-Submitted": mark} if mark else {})
    )
    verdict = triage(message, ABOUT_OURS)
    assert (verdict.outcome, verdict.rule.row) == ("attach", 6)


def test_a_bounce_that_says_it_is_automatic_is_a_bounce_all_the_same() -> None:
    """Postfix writes `auto-replied` on each; and one under our own name, or with our own mark, is no loop."""
    for headers in ({"Auto-Submitted": "auto-replied"}, {"From": "us@council.example"}, {"X-Ackbot-Loop": "b12.x"}):
        assert triage(bounce("text/plain", "550 5.1.1 unknown", **headers), ABOUT_OURS).outcome == "undeliverable"
        assert triage(bounce("text/plain", "Nobody here.", **headers), ABOUT_OURS).outcome == "ask"


@pytest.mark.parametrize(
    ("envelope", "sender", "outcome"),
    [
        ("MAILER-DAEMON@mx.gone.example", "dev@mx.gone.example", "undeliverable"),
        ("dev@mx.gone.example", "Postmaster@mx.gone.example", "undeliverable"),
        (None, "dev@mx.gone.example", "undeliverable"),
        (None, "mailer-daemon@mx.gone.example", "undeliverable"),
        (None, PERSON, "attach"),
        (PERSON, PERSON, "attach"),
    ],
)
def test_a_server_shows_where_the_envelope_does_not(envelope: str | None, sender: str, outcome: str) -> None:
    """By its name, or by the answer in its words; what the person writes there is the person's."""
    text = "I had this: host mx.gone.example said: 550 5.1.1 no such person"
    message = bounce("text/plain", text, From=sender)
    assert message.mail is not None
    message = replace(message, mail=replace(message.mail, return_path=envelope, reports=()))
    verdict = triage(message, ABOUT_OURS)
    assert (verdict.outcome, verdict.rule.row) == (outcome, 3 if outcome == "undeliverable" else 8)


def _sample(raw: bytes) -> tuple[Inbound, Verdict]:
    """A collected bounce as if it had come to our signed address."""
    raw = b"Delivered-To: " + SIGNED.encode() + b"\n" + re.sub(rb"^>?From .*\r?\n", b"", raw)
    message = mime.read(raw, channel="inbox", received_at=None, return_path="")
    return message, triage(message, ABOUT_OURS)


def test_no_collected_bounce_is_silent_or_acknowledged() -> None:
    """Each fails, is for staff, or says itself that it is only late, delivered, or somebody who is away."""
    assert BOUNCES, "the package bounced, which the tests install, holds them"
    outcomes = dict[str, int]()
    for path in BOUNCES:
        message, verdict = _sample(path.read_bytes())
        outcomes[verdict.outcome] = outcomes.get(verdict.outcome, 0) + 1
        if verdict.outcome == "attach":
            late = any(report.action != "failed" for report in nondelivery.reports_of(message))
            assert late or verdict.rule.row == 6, path
        else:
            assert verdict.outcome in ("undeliverable", "ask"), path
    assert outcomes["undeliverable"] >= 120
    assert outcomes["ask"] <= 12


@pytest.mark.parametrize("size", [1, 100_000])
def test_hostile_reports_take_no_long_time(size: int) -> None:
    """Neither codes nor fields without end."""
    for piece in ("5.1.1 ", "550 ", "Status: 5\n", "said: ", "-- ", ">>> ", "4.4.1.", "Action:\n"):
        text = piece * (size // len(piece) + 1)
        assert triage(bounce("text/plain", text), ABOUT_OURS).outcome in ("undeliverable", "ask", "attach")


def test_a_leaf_of_a_report_shows_a_program_wherever_it_stands() -> None:
    """Also in a mail that is none of ours, and with a text about it; an enclosed one is a person's to forward."""
    report = ("message/delivery-status", fields("5.1.1"))
    for parts in itertools.permutations([("text/plain", "See status."), report, ("message/rfc822", ORIGINAL)]):
        content_type, body = multipart(*parts, kind="multipart/mixed")
        message = mime.read(
            f"From: dev@mx.gone.example\nContent-Type: {content_type}\n\n{body}".encode(),
            channel="inbox",
            received_at=None,
        )
        assert (triage(message, Facts()).outcome, triage(message, Facts()).rule.row) == ("log", 3)
    enclosed = ("message/rfc822", f"Content-Type: {report[0]}\n\nAction: failed")
    content_type, body = multipart(("text/plain", "Look."), enclosed, kind="multipart/mixed")
    raw = f"From: ann@residents.example\nContent-Type: {content_type}\n\n{body}"
    assert triage(mime.read(raw.encode(), channel="inbox", received_at=None), Facts()).outcome == "acknowledge"
