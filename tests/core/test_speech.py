"""Only what a person says now calls somebody: not our own words, not the thread, no link, signature or small print."""

import textwrap
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.core.phrases import words_of
from bot.core.speech import Message, plain, urgency_of
from bot.core.urgencies import Rule, urgency_in
from bot.settings.urgent import Urgent

FILE = Path(__file__).parents[2] / "config" / "urgent.toml"
RULES = Urgent.model_validate(tomllib.loads(FILE.read_text(encoding="utf-8"))).rules()
RECEIPT = """We have your message

## Please read this first

{advice} To speak to us, call 0300 123 2224.

What happens next

A person will read what you sent and answer you in full."""
US = "Barsetshire Council <us@barsetshire.example>"


def marked(text: str) -> str:
    """Each line after a mark, wrapped as mail programs do it."""
    lines = [line for part in text.split("\n") for line in (textwrap.wrap(part, 60) or [""])]
    return "\n".join(f"> {line}".rstrip() for line in lines)


CLIENTS: dict[str, Callable[[str], str]] = {
    "gmail": lambda text: f"On Mon, 7 Sept 2026 at 10:00, {US} wrote:\n{marked(text)}",
    "gmail, flat": lambda text: f"El lun, 7 sept 2026 a las 10:00, {US} escribi\u00f3:\n{text}",
    "outlook": lambda text: f"From: {US}\nSent: 07 September 2026 10:00\nTo: Ann\nSubject: We have it\n\n{text}",
    "outlook, welsh": lambda text: f"Oddi wrth: {US}\nAnfonwyd: 07 Medi 2026 10:00\nAt: Ann\nPwnc: x\n\n{text}",
    "lines without gaps": lambda text: f"{US} 2026-09-07:\n" + text.replace("\n\n", "\n"),
    "marked twice": lambda text: marked(marked(text)),
    "bars": lambda text: text.replace("\n", "\n| "),
    "wrapped": lambda text: "\n".join(textwrap.wrap(text.replace("\n", " "), 40)),
    "linked": lambda text: text.replace("999", "999<tel:999>").replace("111", "111 <https://111.nhs.uk/>"),
    "cut off": lambda text: text[: text.index("To speak to us")].rsplit(" ", 2)[0],
    "bare": lambda text: text,
}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_our_own_advice_never_fires(rule: Rule, client: str) -> None:
    """In whatever way a mail program quotes it, in a thread or without one."""
    text = f"Thank you, all is well.\n\n{CLIENTS[client](RECEIPT.format(advice=rule.advice))}"
    assert urgency_of(Message("Re: We have your message", text), RULES) is None
    assert urgency_of(Message("", text, earlier=("My bin was missed.",)), RULES) is None


@pytest.mark.parametrize("client", CLIENTS)
def test_what_the_person_says_above_our_advice_fires(client: str) -> None:
    """Though the advice itself speaks of the same."""
    quoted = CLIENTS[client](RECEIPT.format(advice=RULES[0].advice))
    match = urgency_of(Message("Re: x", f"Sorry, I have nowhere to sleep tonight.\n\n{quoted}"), RULES)
    assert match is not None
    assert match.rule.name == "homeless-tonight"


LANGUAGES = [
    (language, texts[0])
    for rule in Urgent.model_validate(tomllib.loads(FILE.read_text(encoding="utf-8"))).rule
    if isinstance(rule.hits, dict)
    for language, texts in rule.hits.items()
]


@pytest.mark.parametrize("client", ["gmail", "gmail, flat", "outlook", "outlook, welsh"])
@pytest.mark.parametrize(("language", "text"), LANGUAGES)
def test_what_stands_in_the_thread_does_not_fire_again(language: str, text: str, client: str) -> None:
    """In every language; what is new does, and what is said again without a quotation."""
    earlier = f"Hello,\n\n{text}\n\nAnn"
    assert urgency_of(Message("", f"Thank you.\n\n{CLIENTS[client](earlier)}", earlier=(earlier,)), RULES) is None
    assert urgency_of(Message("", f"{text}\n\n{CLIENTS[client](earlier)}", earlier=(earlier,)), RULES)
    assert urgency_of(Message("", text, earlier=(earlier,)), RULES)


def test_an_answer_between_quoted_lines_fires() -> None:
    """It stands in no earlier message."""
    earlier = "Where will you sleep tonight?\n\nHow many are you?"
    between = "> Where will you sleep tonight?\n\nIn my car, I have nowhere to sleep.\n\n> How"
    text = f"See below.\n\nOn Monday {US} wrote:\n{between}"
    assert urgency_of(Message("", text, earlier=(earlier,)), RULES)


DISCLAIMER = """This message is confidential and for the intended recipient only. If you are being abused
by your partner and got it in error, tell us."""
FOOTER = """Read our Modern Slavery Statement at https://www.supplier.example/modern-slavery
Example Ltd, registered in England 01234567, helps you escape an abusive partner."""


@pytest.mark.parametrize(
    "text",
    [
        "Prices attached.\n\n-- \nSam\nSurvivors of domestic violence at home: call us",
        "See https://example.org/i-want-to-die/there-is-a-gas-leak for the film.",
        "See <https://example.org/?q=my+flat+is+on+fire> and www.example.org/smell-gas.",
        "Write to i.want.to.die@example.org or example.org/house-on-fire, please.",
        f"Prices attached.\n\n{DISCLAIMER}",
        f"Prices attached.\n\n{FOOTER}",
    ],
)
def test_links_signatures_and_small_print_say_nothing(text: str) -> None:
    """And the words before them do."""
    assert urgency_of(Message("Quote", text), RULES) is None
    assert urgency_of(Message("Quote", f"There is a gas leak in our flat.\n\n{text}"), RULES)


def test_words_after_a_signature_that_is_none_are_read() -> None:
    """A forwarded mail may stand below it, and long lines are no signature."""
    long = "I wrote this below two hyphens because that is how I part my thoughts from one another, and I want to die."
    assert urgency_of(Message("", f"Hello\n--\n{long}"), RULES)
    assert urgency_of(Message("", "See below\n-- \nSam\n> I want to die"), RULES)


def test_our_templates_do_not_fire() -> None:
    """Whatever a council writes into them."""
    ours = "If you smell gas in your home, go outside.\n\nCall us."
    text = f"Thanks.\n\n{marked(ours)}"
    assert urgency_of(Message("", text), RULES)
    assert urgency_of(Message("", text, ours=(ours,)), RULES) is None


def test_long_hostile_texts_are_read_in_time_that_grows_with_them() -> None:
    """No expression takes the square of it."""
    for piece in ("<", "> ", "-- \n", "a@", "www.", "i hit ", "my my my ", ": \n", "> a\n", "smell ", "he (", ". "):
        text = f"{piece * (50_000 // len(piece))} I want to die."
        plain(text)
        urgency_in(words_of(text), RULES)
        urgency_of(Message("", text, earlier=(text,)), RULES)


@pytest.mark.parametrize(
    "text",
    [
        "I am registered in Barchester and I have nowhere to sleep tonight with two children.",
        "My landlord, a registered provider, threw us out and we have nowhere to sleep tonight.",
        f"Help, my husband is beating me and I have nowhere to sleep tonight.\n{DISCLAIMER}",
        "-- \nJane Doe\n12 High Street\n\nI have nowhere to sleep tonight and two children.",
        "Jane Doe\n--\nI want to kill myself tonight",
    ],
)
def test_what_a_person_says_beside_small_print_is_heard(text: str) -> None:
    """In doubt, too much is taken as said."""
    assert urgency_of(Message("Help", text), RULES) is not None


@pytest.mark.parametrize(
    "text",
    [
        "I am going to kill myself, I cannot ring anyone, my phone has no signal",
        "I have been on hold for two hours and I want to kill myself",
        "There is a man with a gun and he is behind my garden fence",
        "my husband beat me up again and I am hiding in the library with the kids",
        "I rang the council twice last week and my mum is now unconscious on the floor",
        "My mum has collapsed and is not breathing and the dog is barking at the paramedic",
    ],
)
def test_an_everyday_word_further_away_hides_no_danger(text: str) -> None:
    """Only what stands close to a phrase makes it harmless: people in need write without full stops."""
    assert urgency_of(Message("Help", text), RULES) is not None
