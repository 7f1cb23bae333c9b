"""Only what our own mail server says of a sender is believed."""

import time

import pytest

from bot.core.authentications import EXCHANGE_ONLINE, Finding, finding
from bot.core.intakes import triage
from bot.core.messages import Inbound, Mail, Party
from bot.core.rules import Facts

OURS = "mx.example.gov.uk"
BELIEVED = Facts(frozenset({"enquiries@example.gov.uk"}), authserv_id=OURS)
SENDER = "ann@residents.example"


def mail(*values: str, return_path: str = SENDER) -> Inbound:
    """A person's mail with these Authentication-Results."""
    party = Party(SENDER)
    about = Mail(tuple(("authentication-results", value) for value in values), return_path, from_addresses=(party,))
    return Inbound("inbox", "<1@residents.example>", "d" * 64, party, text="Words.", mail=about)


@pytest.mark.parametrize(
    ("value", "outcome"),
    [
        ("dmarc=pass (p=reject dis=none) header.from=residents.example", Finding.PASSED),
        ("dmarc=pass header.from=residents.example; spf=fail smtp.mailfrom=list.example", Finding.PASSED),
        ("dmarc=fail (p=reject dis=none) header.from=residents.example", Finding.FAILED),
        ("dmarc=fail header.from=residents.example", Finding.FAILED),
        ("dmarc=fail (p=none dis=none) header.from=residents.example", Finding.UNKNOWN),
        ("dmarc=FAIL (P=QUARANTINE) header.from=residents.example; dkim=pass header.d=list.example", Finding.FAILED),
        ("spf=fail smtp.mailfrom=residents.example", Finding.FAILED),
        ("spf=fail smtp.mailfrom=residents.example; dkim=pass header.d=residents.example", Finding.UNKNOWN),
        ("spf=softfail smtp.mailfrom=residents.example", Finding.UNKNOWN),
        ("spf=none; dkim=none", Finding.UNKNOWN),
        ("none", Finding.UNKNOWN),
        ("", Finding.UNKNOWN),
        ("((", Finding.UNKNOWN),
        ("dmarc=fail" + "x" * 5000, Finding.UNKNOWN),
    ],
)
def test_what_our_server_found(value: str, outcome: Finding) -> None:
    """RFC 8601 and RFC 7489; words that cannot be read say nothing."""
    about = mail(f"{OURS}; {value}").mail
    assert about
    assert finding(about, OURS) is outcome
    assert finding(about, OURS.upper()) is outcome
    assert finding(about, "") is Finding.UNKNOWN


def test_hostile_fields_neither_break_nor_delay_the_judgement() -> None:
    """Comments in comments deeper than Python's stack; and of long fields below the first ones none is read."""
    results = [f"{OURS}; dmarc=fail header.from=a.example", *[f"{OURS}; " + "spf=pass; " * 390] * 9]
    for values in ([f"{OURS}; spf=" + " (" * 1_900], results):
        began = time.process_time()
        verdict = triage(mail(*values), BELIEVED)
        assert time.process_time() - began < 5
        assert verdict.outcome == ("ask" if values == results else "acknowledge")


def test_what_others_say_is_not_believed() -> None:
    """A stranger's field neither condemns nor vouches, wherever it stands."""
    forged = mail(
        "mx.attacker.example; dmarc=pass header.from=residents.example", f"{OURS}; dmarc=fail header.from=a.example"
    )
    assert triage(forged, BELIEVED).outcome == "ask"
    slandered = mail("mx.attacker.example; dmarc=fail (p=reject) header.from=residents.example")
    assert triage(slandered, BELIEVED).outcome == "acknowledge"


def test_exchange_online_leaves_its_name_out() -> None:
    """It is believed under the name that stands for it, and under no other."""
    says = (
        "spf=fail (sender IP is 192.0.2.1) smtp.mailfrom=a.example; dkim=none (message not signed) header.d=none;"
        "dmarc=fail action=oreject header.from=a.example;compauth=fail reason=000"
    )
    about = mail(says).mail
    assert about
    assert finding(about, EXCHANGE_ONLINE) is Finding.FAILED
    assert finding(about, OURS) is Finding.UNKNOWN


def test_nobody_is_answered_who_is_forged_and_somebody_who_is_vouched_for() -> None:
    """Staff decide about the first; the second has the answer at the From address, whatever the envelope."""
    forged = triage(mail(f"{OURS}; dmarc=fail (p=reject) header.from=residents.example"), BELIEVED)
    assert (forged.outcome, forged.rule.row, forged.recipient) == ("ask", 17, None)
    through = mail(f"{OURS}; dmarc=pass header.from=residents.example", return_path="bounces+12@service.example")
    assert triage(through, BELIEVED).recipient == SENDER
    assert triage(through, Facts()).outcome == "ask"
