"""What a list, a group or a forwarder of our own passes on is the person's; what any other passes on is mass mail."""

from dataclasses import replace

import pytest

from bot.core.intakes import Facts, Verdict, by_author, triage
from bot.core.messages import Inbound
from bot.wire.mail import mime

OWN = "customer.services@council.example"
FACTS = Facts(frozenset({OWN, "info@council.example"}))
ANN = "ann@residents.example"

# The fields that each kind writes, for the list at this address; `envelope` is the sender that it puts on.
GOOGLE = {
    "envelope": "customer.services+bncBDABCDEF@council.example",
    "Precedence": "list",
    "Mailing-list": f"list {OWN}; contact customer.services+owners@council.example",
    "List-ID": "<customer.services.council.example>",
    "X-Google-Group-Id": "123456789012",
    "List-Post": f"<https://groups.google.com/a/council.example/group/customer.services/post>, <mailto:{OWN}>",
    "List-Unsubscribe": "<mailto:googlegroups-manage+123+unsubscribe@googlegroups.com>, <https://groups.google.com/x>",
    "X-Original-Sender": ANN,
}
MAILMAN = {
    "envelope": "customer.services-bounces@council.example",
    "Precedence": "list",
    "X-BeenThere": OWN,
    "X-Mailman-Version": "2.1.39",
    "List-Id": "Customer services <customer.services.council.example>",
    "List-Post": f"<mailto:{OWN}>",
    "List-Unsubscribe": "<https://lists.council.example/options/customer.services>",
    "List-Help": "<mailto:customer.services-request@council.example?subject=help>",
}
SUBDOMAIN = {
    "envelope": "front-desk-bounces@lists.council.example",
    "Precedence": "list",
    "List-Id": "<front-desk.lists.council.example>",
    "List-Post": "<mailto:front-desk@lists.council.example>",
}
OWNER = {"envelope": "owner-customer.services@council.example", "List-Owner": f"<mailto:{OWN}>", "X-Mailing-List": OWN}
OURS = {"a Google group": GOOGLE, "Mailman": MAILMAN, "a list of our domain": SUBDOMAIN, "an older list": OWNER}
REWRITTEN = {
    "X-Original-From": {"X-Original-From": f"Ann <{ANN}>"},
    "X-Original-Sender": {"X-Original-Sender": ANN},
    "Reply-To": {"Reply-To": f"Ann <{ANN}>"},
}


def passed_on(fields: dict[str, str], sender: str = f"Ann <{ANN}>") -> Inbound:
    """A mail to the shared address, with these fields besides."""
    lines = {"From": sender, "To": OWN, "Subject": "Missed bin", "Message-ID": "<1@residents.example>"} | fields
    envelope = lines.pop("envelope", None)
    raw = "".join(f"{name}: {value}\n" for name, value in lines.items()) + "\nMy bin was not emptied.\n"
    return mime.read(raw.encode(), channel="inbox", received_at=None, return_path=envelope)


def judged(message: Inbound) -> Verdict:
    """What becomes of it."""
    return triage(message, FACTS)


@pytest.mark.parametrize("kind", OURS)
def test_mail_through_our_own_list_is_the_persons(kind: str) -> None:
    """The marks of mass mail are those of our own list, and the receipt goes to the person."""
    verdict = judged(passed_on(OURS[kind]))
    assert (verdict.outcome, verdict.rule.row, verdict.recipient) == ("acknowledge", 24, ANN)


@pytest.mark.parametrize("kind", ["a Google group", "Mailman", "an older list"])
@pytest.mark.parametrize("field", REWRITTEN)
def test_where_the_list_wrote_itself_into_from_the_person_is_named_beside(kind: str, field: str) -> None:
    """DMARC makes lists do so: the contact and the receipt are the person's."""
    fields = {name: value for name, value in OURS[kind].items() if name not in REWRITTEN} | REWRITTEN[field]
    message = passed_on(fields, f"'Ann' via Customer services <{OWN}>")
    verdict = judged(message)
    assert (verdict.outcome, verdict.rule.row, verdict.recipient) == ("acknowledge", 24, ANN)
    sender = by_author(message, FACTS.own).sender
    assert sender is not None
    assert (sender.address, sender.name) == (ANN, "Ann")
    assert by_author(by_author(message, FACTS.own), FACTS.own) == by_author(message, FACTS.own)


@pytest.mark.parametrize("field", REWRITTEN)
def test_nobody_elses_list_says_who_wrote(field: str) -> None:
    """A stranger's list that claims to write under our name is our own mail at most, and names nobody to answer."""
    foreign = {
        "List-Id": "<news.shop.example>",
        "List-Post": "<mailto:news@shop.example>",
        "envelope": "n@shop.example",
    }
    verdict = judged(passed_on(foreign | REWRITTEN[field], f"Customer services <{OWN}>"))
    assert (verdict.outcome, verdict.recipient) == ("log", None)
    verdict = judged(passed_on(REWRITTEN[field], f"Customer services <{OWN}>"))
    assert (verdict.outcome, verdict.rule.row) == ("log", 2)


@pytest.mark.parametrize(
    "fields",
    [
        {"List-Id": "<news.shop.example>"},
        {"List-Unsubscribe": "<mailto:leave@shop.example>"},
        {"Precedence": "list"},
        {"Precedence": "bulk"},
        GOOGLE | {"Precedence": "bulk"},
        MAILMAN | {"List-Id": "<news.shop.example>"},
        {"List-Id": "<customer.services.council.example.shop.example>"},
        {"List-Id": "<notcouncil.example>"},
        {"List-Post": "<mailto:customer.services@council.example.shop.example>"},
    ],
)
def test_other_lists_are_mass_mail(fields: dict[str, str]) -> None:
    """Also a newsletter that our group passes on, which still bears the name of its own list."""
    assert judged(passed_on(fields)).rule.row == 12


def test_a_newsletter_of_our_own_organisation_is_mass_mail() -> None:
    """A list of our domain whose address we do not know carries our own words where we wrote them."""
    verdict = judged(passed_on(SUBDOMAIN, "News <news@council.example>"))
    assert (verdict.outcome, verdict.rule.row) == ("log", 12)


@pytest.mark.parametrize(
    "mark", [{"Auto-Submitted": "auto-generated"}, {"X-Autoreply": "yes"}, {"X-Ackbot-Loop": "b1.x"}]
)
@pytest.mark.parametrize("kind", OURS)
def test_a_program_that_writes_through_our_list_is_a_program(kind: str, mark: dict[str, str]) -> None:
    """Its own marks count as ever."""
    assert judged(passed_on(OURS[kind] | mark)).outcome == "log"
    assert judged(passed_on(OURS[kind], "Shop <noreply@shop.example>")).rule.row == 13


@pytest.mark.parametrize(
    "envelope",
    [
        "customer.services+SRS=44ldt=IX=residents.example=ann@council.example",
        "Customer.Services+srs=44ldt=IX=RESIDENTS.example=Ann@Council.Example",
        "info+SRS=44ldt=IX=residents.example=ann@council.example",
        "bounces+SRS=44ldt=IX@council.example",
        "customer.services+caf_=info=council.example@council.example",
        "customer.services+bncBDABCDEF@council.example",
        "other.desk+SRS=44ldt=IX=residents.example=ann@tenant.example",
    ],
)
def test_what_a_forwarder_put_on_the_envelope_is_no_author(envelope: str) -> None:
    """Microsoft 365, Gmail and Google Groups write an address of their own: the person in From is answered."""
    verdict = judged(passed_on({"envelope": envelope}))
    assert (verdict.outcome, verdict.rule.row, verdict.recipient) == ("acknowledge", 24, ANN)


@pytest.mark.parametrize("envelope", [OWN, "customer.services+anything@council.example", "info+x.y@council.example"])
def test_an_envelope_of_ours_that_proves_nothing_is_left_to_staff(envelope: str) -> None:
    """It is neither our own mail, which would be silence, nor proof of who wrote."""
    verdict = judged(passed_on({"envelope": envelope}))
    assert (verdict.outcome, verdict.rule.row, verdict.recipient) == ("ask", 24, None)


@pytest.mark.parametrize(
    ("sender", "fields", "expected"),
    [
        (
            "Ann <ann@x.example>, Bob <bob@x.example>",
            {"envelope": "office@x.example", "Sender": "office@x.example"},
            "ask",
        ),
        ("Ann <ann@x.example>, Bob <bob@x.example>", {"Sender": "office@x.example"}, "ask"),
        ("Ann <ann@x.example>, Bob <bob@x.example>", {}, "ask"),
        ("Ann <ann@x.example>, Bob <bob@x.example>", {"envelope": "bob@x.example"}, "acknowledge"),
        ("Ann Smith", {}, "ask"),
        ('"Ann Smith" <>', {}, "ask"),
        ("Ann Smith <ann>", {}, "ask"),
        ("Анна", {}, "ask"),
        ("undisclosed-sender:;", {}, "ask"),
        ("", {"envelope": "ann@x.example"}, "ask"),
        ("", {}, "log"),
        ("<>", {}, "log"),
        ("MAILER-DAEMON", {}, "log"),
        ("Postmaster <postmaster>", {}, "log"),
    ],
)
def test_a_person_without_one_address_is_left_to_staff(sender: str, fields: dict[str, str], expected: str) -> None:
    """Several authors of whom the envelope names none, or a name without an address: never silence."""
    verdict = judged(passed_on(fields, sender))
    assert verdict.outcome == expected
    in_thread = triage(passed_on(fields, sender), replace(FACTS, thread="EX-1", person=ANN))
    assert in_thread.outcome == "attach"


@pytest.mark.parametrize("address", ["ann@residents.example.", "ANN@residents.example.", "ann@residents.example"])
@pytest.mark.parametrize("form", ["{}", "Ann <{}>", "<{}>"])
def test_a_dot_at_the_end_of_a_domain_is_taken_off(address: str, form: str) -> None:
    """It is the root of the DNS, and no mail server takes it (RFC 5321 section 2.3.5)."""
    fields = {"Return-Path": f"<{address}>"}
    verdict = judged(passed_on(fields, form.format(address)))
    assert verdict.recipient == address.rstrip(".")


FORGED = {
    "our address of a list": {"List-Post": f"<mailto:{OWN}>"},
    "our name of a list": {"List-Id": "<anything.council.example>"},
    "an older field": {"Mailing-list": f"list {OWN}"},
    "another author": {"From": OWN, "List-Post": f"<mailto:{OWN}>", "X-Original-Sender": ANN},
}


@pytest.mark.parametrize("fields", FORGED.values(), ids=FORGED)
def test_fields_of_a_list_that_anybody_can_write_prove_no_author(fields: dict[str, str]) -> None:
    """Only our own list's mail has an envelope sender of ours; a receipt must not go to whom a stranger names."""
    verdict = judged(passed_on({"envelope": "evil@attacker.example", **fields}))
    assert verdict.recipient != ANN


@pytest.mark.parametrize(
    "unsubscribe",
    [
        f"<mailto:leave@shop.example?subject=unsubscribe {OWN}>",
        f"<https://shop.example/u/;{OWN}>",
        f"<mailto:{OWN}>",
    ],
)
def test_a_newsletter_that_names_us_where_it_can_be_left_is_no_list_of_ours(unsubscribe: str) -> None:
    """It names whoever it is for."""
    fields = {"envelope": "news@shop.example", "List-Unsubscribe": unsubscribe, "Precedence": "list"}
    assert judged(passed_on(fields, sender="Shop <news@shop.example>")).outcome == "log"
