"""The packaged rules find what cannot wait, in every language that we have words in."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from bot.cli.urgent import near_urgency
from bot.core.phrases import words_of
from bot.core.urgencies import Rule, urgency_in
from bot.settings.urgent import Urgent, failed_examples

FILE = Path(__file__).parents[2] / "config" / "urgent.toml"
LANGUAGES = {"en", "cy", "pl", "ro", "ur", "pa", "bn", "ar", "pt", "uk"}
RULES = Urgent.model_validate(tomllib.loads(FILE.read_text(encoding="utf-8"))).rules()


def fired(text: str) -> str | None:
    """The name of the rule that fires."""
    match = urgency_in(words_of(text), RULES)
    return match.rule.name if match else None


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_rule_has_words_in_every_language_and_passes_its_own_tests(rule: Rule) -> None:
    """At least one of its texts is found by the words of each language."""
    assert set(rule.words) == LANGUAGES
    assert failed_examples([rule]) == []
    for phrases in rule.words.values():
        assert any(phrases.find(words_of(text)) for text in rule.hits)


# Written without looking at the rules: as people write when they are frightened, hurried, or tired.
UNSEEN = [
    ("homeless-tonight", "Hi, me and my son been homeless since yesterday plz can someone ring me"),
    ("homeless-tonight", "landlord changed the locks, nowhere to go, its freezing"),
    ("homeless-tonight", "There is a man rough sleeping behind the library and it is minus 4"),
    ("safeguarding", "my partner hit me last night and I'm scared of my partner coming back"),
    ("safeguarding", "I'm worried about the little boy next door. He is always hungry, I think he is being abused"),
    ("gas", "theres a really strong smell of gas on the landing of block C"),
    ("gas", "CO ALARM KEEPS BEEPING PLEASE SEND SOMEONE"),
    ("dangerous-structure", "Part of the wall on Mill Lane has collapsed onto the pavement"),
    ("dangerous-structure", "live wires hanging out of the street light"),
    ("self-harm", "i just cant go on anymore with this debt"),
    ("self-harm", "My daughter says she wants to die because of the bullying"),
]


@pytest.mark.parametrize(("name", "text"), UNSEEN)
def test_what_frightened_people_write_is_found(name: str, text: str) -> None:
    """Without apostrophes, in capitals, with words between."""
    assert fired(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "Please can you tell me when my bins are collected?",
        "I want to pay my council tax by direct debit.",
        "The gas main works on High Street have blocked my drive.",
        "I would like to book the hall for a children's party.",
        "My planning application is taking too long.",
        "Pothole on the A38 near the bridge.",
    ],
)
def test_everyday_matters_do_not_call_anybody_at_night(text: str) -> None:
    """A false alarm costs sleep, and then attention."""
    assert fired(text) is None


def test_all_rules_at_once_find_what_each_finds_alone() -> None:
    """The first rule by its order, and its first phrase, of all whose words stand in a text."""
    texts = [*(text for rule in RULES for text in (*rule.hits, *rule.misses)), *(text for _, text in UNSEEN)]
    for text in (*texts, " ".join(texts), " ".join(reversed(texts))):
        words = words_of(text)
        alone = next(((rule, phrase) for rule in RULES if (phrase := rule.find(words))), None)
        match = urgency_in(words, RULES)
        assert (match and (match.rule, match.phrase)) == alone


def test_what_comes_near_is_known() -> None:
    """For whoever tends the rules."""
    match = near_urgency(words_of("A question about your homelessness policy"), RULES)
    assert match is not None
    assert (match.rule.name, match.phrase) == ("homeless-tonight", "homeless*")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"hits": ["a nice day"]}, "gas: it misses 'a nice day'"),
        ({"misses": ["a gas leak"]}, "gas: 'gas leak' fires at 'a gas leak'"),
        ({"team": "duty"}, "rule[1].team = 'duty' is no team; allowed: front"),
    ],
)
def test_a_rule_that_fails_its_own_tests_is_named(change: dict[str, Any], fault: str) -> None:
    """With the text."""
    rule = {"name": "gas", "title": "Gas", "advice": "Call 999.", "words": {"en": ["gas leak"]}, "hits": ["gas leak"]}
    assert Urgent.model_validate({"rule": [rule | change]}).faults(["front"]) == [fault]
