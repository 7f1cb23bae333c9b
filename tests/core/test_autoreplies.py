"""Automatic mail is told by its headers, and no ordinary person is taken for a program."""

from dataclasses import replace

import pytest

from bot.core import acknowledgements, autoreplies
from bot.core.intakes import triage
from bot.core.messages import Inbound, Mail, Party
from bot.core.rules import Facts, RuleName

OWN = Facts(own=frozenset({"enquiries@example.gov.uk"}))


def mail(*headers: tuple[str, str], sender: str = "ann@residents.example", return_path: str | None = None) -> Inbound:
    """A message with these header fields from one author."""
    envelope = sender if return_path is None else return_path
    party = Party(sender)
    about = Mail(headers, envelope, from_addresses=(party,))
    return Inbound("inbox", "<1@residents.example>", "d" * 64, party, text="Words.", mail=about)


def row(message: Inbound) -> int:
    """The row of the table that decides."""
    return triage(message, OWN).rule.row


@pytest.mark.parametrize("value", ["no", "No", "NO ; x", "no\t", " no\n", "no (a person)", '"no"', "no;auto-replied"])
def test_auto_submitted_no_is_a_person(value: str) -> None:
    """RFC 3834 section 5: the keyword counts, not its case, its parameters, its comments or its line end."""
    assert row(mail(("auto-submitted", value))) == 24


@pytest.mark.parametrize(
    "value",
    ["auto-replied", "Auto-Generated; x=no", "(no) auto-replied", "auto-notified", "yes", "none", "", "no-reply"],
)
def test_auto_submitted_otherwise_is_a_program(value: str) -> None:
    """Every keyword but `no`, also one that nobody has registered yet."""
    assert row(mail(("auto-submitted", value))) == 11


def test_one_of_several_fields_is_enough() -> None:
    """A forwarder may add its own field below ours; any one that is not `no` counts."""
    assert row(mail(("auto-submitted", "no"), ("auto-submitted", "auto-replied"))) == 11


@pytest.mark.parametrize("value", ["list", "bulk", "junk", "Bulk", " list ", "bulk (sorry)"])
def test_each_precedence_of_mass_mail_counts(value: str) -> None:
    """One vector for each value: others have missed `list`."""
    assert row(mail(("precedence", value))) == 12


@pytest.mark.parametrize("value", ["normal", "first-class", "special-delivery", "", "0"])
def test_other_precedences_are_people(value: str) -> None:
    """`Precedence: normal` says nothing against anybody."""
    assert row(mail(("precedence", value))) == 24


@pytest.mark.parametrize("name", ["list-id", "list-unsubscribe", "list-help", "list-post", "x-mailing-list"])
def test_list_fields_are_written_by_list_software_only(name: str) -> None:
    """RFC 2369 and RFC 2919."""
    assert row(mail((name, "<x.lists.example>"))) == 12


def test_a_feedback_id_alone_is_no_mass_mail() -> None:
    """People's own providers write it, too; beside the mark of a campaign it confirms one."""
    assert row(mail(("feedback-id", "i1a2b3c4d:Fastmail"))) == 24
    assert row(mail(("feedback-id", "1:2:3:mailer"), ("x-csa-complaints", "csa@complaints.example"))) == 12


SYSTEMS = """MAILER-DAEMON postmaster listserv majordomo owner-trees trees-owner trees-request x-bounces bounce
bounces+12-a=b bounce-99 noreply no-reply no.reply no_reply do-not-reply donotreply do_not_reply no-reply-parking
noreply+12 autoreply auto-reply"""
ROLES = """info support sales webmaster abuse request-918273-ab12cd34 norepinephrine noreen owner reply request
postmaster-general bouncer trampoline.bounce jane.owner donot automatic"""


@pytest.mark.parametrize("local", SYSTEMS.split())
def test_system_senders_have_nobody_behind_them(local: str) -> None:
    """The local part alone decides, in any case."""
    assert row(mail(sender=f"{local}@vendor.example")) == 13


@pytest.mark.parametrize("local", ROLES.split())
def test_role_addresses_have_people_behind_them(local: str) -> None:
    """A small business, or somebody who asks through WhatDoTheyKnow, is acknowledged."""
    assert row(mail(sender=f"{local}@shop.example")) == 24


def test_a_service_that_carries_a_persons_mail_does_not_silence_them() -> None:
    """A bounce address of the sender's own organisation in the envelope is how much ordinary mail travels."""
    verdict = triage(mail(sender="ann@charity.example", return_path="bounces+7@em.charity.example"), OWN)
    assert (verdict.rule.row, verdict.recipient) == (24, "ann@charity.example")


def test_our_own_mail_is_recognised_by_author_envelope_and_mark() -> None:
    """Also with a tag of ours, in any case; and another Ackbot's mark stops a loop that both would keep up."""
    assert row(mail(sender="Enquiries@Example.gov.uk")) == 2
    assert row(mail(sender="enquiries+b7.abcdefghijkl@example.gov.uk")) == 2
    assert row(mail(return_path="Enquiries+b7.ABCDEFGHIJKL@example.gov.uk")) == 2
    assert row(mail(("x-ackbot-loop", "b7.abc"))) == 2


def test_only_a_tag_that_we_signed_is_ours() -> None:
    """Where the secret is at hand, another's tag of the same look is not; and staff decide, as the answer is to us."""
    facts = replace(OWN, secret=b"s" * 32)
    signed = acknowledgements.signed_subaddress("enquiries@example.gov.uk", "b7", b"s" * 32)
    assert triage(mail(return_path=signed), facts).rule is RuleName.OUR_OWN_MAIL
    for envelope in ("enquiries+b7.abcdefghijkl@example.gov.uk", "enquiries+x@example.gov.uk"):
        verdict = triage(mail(return_path=envelope), facts)
        assert (verdict.outcome, verdict.rule.row, verdict.recipient) == ("ask", 24, None)


def test_the_null_sender_is_never_answered() -> None:
    """RFC 3834 section 2: a MUST."""
    assert row(mail(return_path="")) == 10


def test_every_rule_says_why_and_whence() -> None:
    """Staff read the reason; whoever doubts it reads the source. Rows stand in the order of the table."""
    rows = [rule.name.row for rule in autoreplies.RULES if rule.name.row]
    assert rows == sorted(rows)
    for rule in autoreplies.RULES:
        assert rule.name
        assert rule.reason
        assert rule.source.startswith("RFC")
        # A page that we trust is a program, too, and passes on what a person wrote.
        assert ("acknowledge" in (rule.outcome, rule.in_thread)) == (rule.name is RuleName.TRUSTED_RELAY)
