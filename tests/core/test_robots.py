"""An address is a program's by a whole word of it, wherever that stands; names with the same letters are people's."""

import itertools

import pytest

from bot.core.autoreplies import is_system
from bot.core.intakes import Verdict, triage
from bot.core.messages import Inbound, Mail, Party
from bot.core.rules import Facts

WORDS = """noreply no-reply no_reply no.reply donotreply do-not-reply do_not_reply do.not.reply dontreply no-response
autoreply auto-reply auto_reply autoresponder auto-responder autoresponse bounces mailer-daemon mailerdaemon www-data
nepasrepondre ne-pas-repondre noresponder no-responder nicht-antworten keine-antwort non-rispondere naoresponda
nie-odpowiadaj dim-ateb noreply2"""
SEPARATORS = "-._+="
PEOPLE = """noreplyson noreen norepinephrine casino-reply volcano.reply reply reply-team info support sales webmaster
abuse hello.reply autumn.reply autoreplyson postmaster-general bouncer trampoline.bounce bounce-house bouncehouse
jane.owner owner request request-918273-ab12cd34 donot automatic daemon.smith mailer bounceslow
no.replys ann.bouncesmith nor.eply n.oreply auto.mechanic"""


@pytest.mark.parametrize("word", WORDS.split())
def test_a_word_counts_at_every_place(word: str) -> None:
    """Alone, at the start, in the middle and at the end, in any case."""
    assert is_system(f"{word}@vendor.example")
    assert is_system(f"{word.upper()}@vendor.example")
    for first, second in itertools.product(SEPARATORS, SEPARATORS):
        for local in (f"{word}{first}abc", f"council{first}{word}", f"forms{first}{word}{second}7"):
            assert is_system(f"{local}@vendor.example"), local


@pytest.mark.parametrize("account", ["nobody", "apache", "httpd", "nginx", "wwwrun", "cron", "cron-daemon"])
def test_the_account_of_a_server_is_a_programs_if_it_stands_alone(account: str) -> None:
    """In a name of several words it is a person's."""
    assert is_system(f"{account}@web01.host.example")
    assert not is_system(f"{account}.smith@residents.example")
    assert not is_system(f"pat-{account}@residents.example")


@pytest.mark.parametrize("local", PEOPLE.split())
def test_the_same_letters_in_a_name_are_a_persons(local: str) -> None:
    """Between separators stands another word, or the separator stands elsewhere."""
    assert not is_system(f"{local}@residents.example")


ENVELOPES = """
bounces+123-abc@em.shop.example
bounces+4512-9d-ann=residents.example@em.bulkpost.example
bounces+123456-ab12-customer.services=council.example@sendgrid.net
bounce-mc.us1_123456.789-customer=council.example@mail12.suw11.mcsv.net
bounce-md_12345678.5f0c1234.v1-0123456789abcdef@mandrillapp.com
010f018d3c5e2a7b-1b2c3d4e-0000-0000-0000-000000000000-000000@eu-west-2.amazonses.com
010001906c1e@bounces.amazonses.com
bounce+abc123.4567-us=council.example@mg.shop.example
pm_bounces@pm-bounces.shop.example
pm_bounces@pm.mtasv.net
msprvs1=18123abc=bounces-1234@bounces.shop.example
news-us=council.example@lists.shop.example
abc.def.123@bnc3.mailjet.com
www-data@web01.host.example
noreply@forms.host.example
forms-noreply@host.example
1axbc2d3@bf03x.hubspotemail.net
"""


@pytest.mark.parametrize("envelope", ENVELOPES.split())
@pytest.mark.parametrize("sender", ["grace@charity.example", "grace@gmail.com"])
def test_nobody_is_acknowledged_at_a_robots_envelope(envelope: str, sender: str) -> None:
    """The person's own address is not proven, and nobody reads the other: staff decide."""
    verdict = judged(sender, envelope)
    assert (verdict.outcome, verdict.rule.row, verdict.recipient) == ("ask", 24, None)


@pytest.mark.parametrize("envelope", ENVELOPES.split())
def test_who_is_vouched_for_is_answered_whatever_the_envelope(envelope: str) -> None:
    """Our own mail server found that the From address is the author's."""
    says = ("authentication-results", "mx.council.example; dmarc=pass header.from=charity.example")
    assert judged("grace@charity.example", envelope, says).recipient == "grace@charity.example"


@pytest.mark.parametrize("envelope", ["bounces+7-a@em.charity.example", "bounce-9@charity.example"])
def test_an_envelope_of_the_persons_own_organisation_confirms_them(envelope: str) -> None:
    """However it counts its bounces."""
    assert judged("grace@charity.example", envelope).recipient == "grace@charity.example"


@pytest.mark.parametrize(
    "envelope", ["secretary@club.example", "g.lee@work.example", "SRS0=HHH=TT=other.example=lee@forward.example"]
)
def test_an_envelope_that_somebody_reads_is_answered(envelope: str) -> None:
    """It is who really sent the mail (RFC 3834 section 4)."""
    assert judged("grace@charity.example", envelope).recipient == envelope


def judged(sender: str, envelope: str, *headers: tuple[str, str]) -> Verdict:
    """The verdict on a person's mail under this envelope."""
    party = Party(sender)
    about = Mail(headers, envelope, from_addresses=(party,))
    message = Inbound("inbox", "<1@x>", "d" * 64, party, text="May we hire the hall?", mail=about)
    return triage(message, Facts(frozenset({"us@council.example"}), authserv_id="mx.council.example"))
