"""What becomes of each message: a corpus whose file names say the outcome and the row, and every thread."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core import intakes
from bot.core.intakes import Facts, RuleName, triage
from bot.core.messages import Inbound, Mail, Party
from bot.wire.mail import mime

CORPUS = sorted((Path(__file__).parent.parent / "payloads" / "mail").glob("*.eml"))
OWN = frozenset({"enquiries@example.gov.uk"})
ALONE = Facts(OWN)
IN_THREAD = Facts(OWN, "EX-7K3M-9QPH")


def sample(path: Path) -> Inbound:
    """The mail in this file."""
    return mime.read(path.read_bytes(), channel="inbox", received_at=None)


def named(name: str) -> Inbound:
    """The mail of this name in the corpus."""
    return sample(CORPUS[0].with_name(f"{name}.eml"))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_each_mail_is_judged_as_its_name_says(path: Path) -> None:
    """`outcome-row-words.eml`; only an acknowledgement has a recipient."""
    outcome, row, _ = path.stem.split("-", 2)
    verdict = triage(sample(path), ALONE)
    assert (verdict.outcome, verdict.rule.row) == (outcome, int(row)), verdict
    assert verdict.rule.startswith(f"{row} ")
    assert verdict.reason
    assert (verdict.recipient is not None) == (outcome == "acknowledge")


def test_the_corpus_is_large_and_mixed() -> None:
    """People in many languages, and every row that a mail alone can show (not what our own server must say)."""
    outcomes = Counter(path.stem.split("-")[0] for path in CORPUS)
    assert outcomes["acknowledge"] >= 25
    assert outcomes["log"] >= 35
    of_settings = {"7", "8", "9", "16", "17", "21", "22"}
    of_settings |= {"25", "26", "27", "28"}  # of platforms
    of_settings |= {"30"}  # of the form
    of_settings |= {"31"}  # of text messages
    rows = {str(rule.name.row) for rule in intakes.RULES}
    assert {path.stem.split("-")[1] for path in CORPUS} == rows - of_settings


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_nothing_is_acknowledged_twice(path: Path) -> None:
    """Whatever answers one of our messages is attached to its contact. Only people may be told so."""
    verdict = triage(sample(path), IN_THREAD)
    assert verdict.outcome == ("log" if path.stem.startswith("log-2-own-bounce") else "attach")
    assert verdict.recipient is None or path.stem.startswith("acknowledge")
    assert (verdict.rule is RuleName.HUMAN_REPLY) == path.stem.startswith(("acknowledge", "ask-24"))


def test_an_automatic_reply_to_us_is_no_human_reply() -> None:
    """Row 6, not row 8: it neither resumes a clock nor opens a contact again."""
    assert triage(named("log-11-auto-replied"), IN_THREAD).rule.row == 6
    assert triage(named("log-12-precedence-bulk"), IN_THREAD).rule.row == 12


def test_a_form_is_acknowledged_where_it_says() -> None:
    """By mail where an address was given, by the page where a phone number was, and not where there is nothing."""
    form = Inbound("website", "token", "d" * 64, Party("sam@residents.example"), text="The bin.")
    phone = replace(form, sender=None, fields={"phone": "0300 123 2224", "email": ""})
    nothing = replace(form, sender=None, fields={"phone": "", "email": ""})
    assert triage(form, ALONE).recipient == "sam@residents.example"
    assert (triage(phone, ALONE).outcome, triage(phone, ALONE).recipient) == ("acknowledge", None)
    assert (triage(nothing, ALONE).outcome, triage(nothing, ALONE).reason) == (
        "log",
        "there is no address to answer to",
    )


@pytest.mark.parametrize("address", ["enquiries@example.gov.uk", "Enquiries+x@example.gov.uk", "no-reply@x.example"])
def test_an_answer_that_nobody_would_read_is_left_to_staff(address: str) -> None:
    """A form filled in with our own address, or a program's: a person decides, and the contact stays open."""
    form = Inbound("website", "token", "d" * 64, Party(address), text="The bin.")
    verdict = triage(form, ALONE)
    assert (verdict.outcome, verdict.recipient) == ("ask", None)
    assert ", but " in verdict.reason


def test_the_table_for_people_names_every_rule_in_order() -> None:
    """docs/triage.md is what staff read when they ask why."""
    lines = (Path(__file__).parents[2] / "docs" / "triage.md").read_text(encoding="utf-8").splitlines()
    table = [line.split(" | ") for line in lines if line.startswith("| ") and line[2].isdigit()]
    assert len(table) == len(intakes.RULES)
    for rule, (row, words, *_) in zip(intakes.RULES, table, strict=True):
        assert row == f"| {rule.name.row}"
        assert words.startswith(rule.name.words)


def test_an_answer_of_somebody_who_is_away_is_no_human_reply() -> None:
    """In our thread the subject is enough: it neither resumes a clock nor opens a contact again."""
    assert triage(named("ask-20-automatic-reply-subject"), IN_THREAD).rule.row == 6


def judged(facts: Facts, *headers: tuple[str, str], **more: object) -> intakes.Verdict:
    """The verdict on a mail of a person's to somebody."""
    fields: dict[str, object] = {"to": ("us@example.gov.uk",), "return_path": "ann@residents.example"} | more
    about = Mail(headers, from_addresses=(Party("ann@residents.example"),), **fields)  # type: ignore[arg-type]
    return triage(
        Inbound("inbox", "<1@residents.example>", "d" * 64, Party("ann@residents.example"), text="Words.", mail=about),
        facts,
    )


OURS = Facts(own=frozenset({"us@example.gov.uk"}))


def test_a_challenge_in_our_thread_is_for_staff() -> None:
    """Row 7: attached, never answered; without a thread such a word means nothing."""
    for headers in ((("x-boxtrapper-q", "1"),), (("x-tmda-fingerprint", "x"),)):
        assert judged(replace(OURS, thread="EX-1", person="x@y.example"), *headers).rule.row == 7
        assert judged(OURS, *headers).rule.row == 24


def test_a_page_is_trusted_only_where_it_is_named() -> None:
    """Row 9: its Reply-To is the person; anybody else's is not looked at, nor that of a forged page."""
    named = replace(OURS, relays=frozenset({"fixmystreet.com"}), authserv_id="mx.example.gov.uk")
    page = {"return_path": "fms-1@www.fixmystreet.com", "reply_to": ("joe@home.example",)}
    verdict = judged(named, ("auto-submitted", "auto-generated"), ("list-id", "<x>"), **page)
    assert (verdict.rule.row, verdict.recipient) == (9, "joe@home.example")
    assert judged(OURS, **page).recipient != "joe@home.example"
    assert judged(named, **(page | {"return_path": "fms@notfixmystreet.com"})).recipient != "joe@home.example"
    forged = ("authentication-results", "mx.example.gov.uk; dmarc=fail header.from=fixmystreet.com")
    assert judged(named, forged, **page).rule.row == 17


def test_our_server_says_what_is_unwanted() -> None:
    """Row 16: only in the field that is named in the settings."""
    says = ("x-spam-flag", "YES")
    assert judged(replace(OURS, spam_header="x-spam-flag"), says).rule.row == 16
    assert judged(replace(OURS, spam_header="x-spam-flag"), ("x-spam-flag", "NO")).rule.row == 24
    assert judged(OURS, says).rule.row == 24


def test_to_whom_it_is_addressed_counts_where_we_can_know() -> None:
    """Row 22 where our address is in Cc alone; row 21 only where every address of ours is known."""
    assert judged(OURS, to=("councillor@elsewhere.example",), cc=("us+x@example.gov.uk",)).rule.row == 22
    assert judged(OURS, to=("info@example.gov.uk",)).rule.row == 24
    assert judged(replace(OURS, own_complete=True), to=("info@example.gov.uk",)).rule.row == 21
    assert judged(replace(OURS, own_complete=True), to=("US@example.gov.uk",)).rule.row == 24


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
@pytest.mark.parametrize("facts", [ALONE, IN_THREAD, replace(ALONE, relays=frozenset({"fixmystreet.com"}))])
def test_nothing_from_the_folder_of_unwanted_mail_is_answered(path: Path, facts: Facts) -> None:
    """Whoever wrote it: no receipt, and no word that an answer was added; a person's is logged under its own rule."""
    verdict = triage(replace(sample(path), junk=True), facts)
    assert verdict.outcome != "acknowledge"
    assert verdict.recipient is None
    if path.stem.startswith("acknowledge") and facts.thread is None:
        assert (verdict.outcome, verdict.rule) == ("log", RuleName.UNWANTED_MAIL)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
@pytest.mark.parametrize("facts", [ALONE, IN_THREAD])
def test_what_may_have_been_answered_before_is_left_to_staff(path: Path, facts: Facts) -> None:
    """A person's mail from a mailbox that was moved: staff look, and the reason says why; nobody is written to."""
    verdict = triage(replace(sample(path), doubt="it may be old: look"), facts)
    assert verdict.recipient is None
    if path.stem.startswith("acknowledge") and facts.thread is None:
        assert verdict.outcome == "ask"
        assert verdict.reason.endswith(", but it may be old: look")
