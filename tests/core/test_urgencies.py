"""The packaged rules find what cannot wait, in every language that we have words in."""

import csv
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.cli.urgent import near_urgency
from bot.core.phrases import Phrases, groups_of, words_of
from bot.core.urgencies import Rule, urgency_in
from bot.settings.urgent import Urgent, failed_examples

FILE = Path(__file__).parents[2] / "config" / "urgent.toml"
LANGUAGES = {"en", "cy", "pl", "ro", "ur", "pa", "bn", "ar", "pt", "uk"}
URGENT = Urgent.model_validate(tomllib.loads(FILE.read_text(encoding="utf-8")))
RULES = URGENT.rules()
HITS = {rule.name: dict(rule.hits) for rule in URGENT.rule if isinstance(rule.hits, dict)}
FEWEST_HITS = 3
SENTENCES = Path(__file__).with_name("urgent_sentences.tsv")


def fired(text: str) -> str | None:
    """The name of the rule that fires."""
    match = urgency_in(words_of(text), RULES)
    return match.rule.name if match else None


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_rule_has_words_in_every_language_and_passes_its_own_tests(rule: Rule) -> None:
    """Every text of a language is found by the words of that language."""
    assert set(rule.words) == LANGUAGES
    assert failed_examples([rule]) == []
    for language, texts in HITS[rule.name].items():
        assert len(texts) >= FEWEST_HITS
        assert all(
            urgency_in(words_of(text), [replace(rule, words={language: rule.words[language]})]) for text in texts
        )


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
    assert [str(mistake) for mistake in Urgent.model_validate({"rule": [rule | change]}).faults(["front"])] == [fault]


def test_of_many_sentences_the_urgent_call_and_the_everyday_do_not() -> None:
    """At least 95 in 100 of those, at most 10 in 100 of these, which are traps on purpose."""
    with SENTENCES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    urgent = [fired(row["text"]) is not None for row in rows if row["must"] == "yes"]
    everyday = [fired(row["text"]) is not None for row in rows if row["must"] == "no"]
    assert sum(urgent) / len(urgent) >= 0.95
    assert sum(everyday) / len(everyday) <= 0.1


@pytest.mark.parametrize(
    "mark", [".", "!", "?", ";", "\u06d4", "\u0964", "\u3002", "\n\n", "\n \n", "...", "\u2026", "\uff01"]
)
def test_a_gap_ends_where_the_sentence_ends(mark: str) -> None:
    """Whatever sign ends it; the same words in one sentence are a match."""
    rule = Rule("wires", "Wires", "Call 999.", {"en": Phrases(["cable ... down"])}, Phrases(()))
    assert rule.find(words_of("The new cable is down")) == "cable ... down"
    assert rule.find(words_of(f"They laid a new cable{mark} Sit down with them")) is None


@pytest.mark.parametrize(
    ("phrase", "text", "matches"),
    [
        ("(he|she) (hit|hits) me", "She hits me", 1),
        ("(he|she) (hit|hits) me", "It hits me", 0),
        ("<kin> (hit|beat up) me", "My step dad beat up me", 1),
        ("<kin> (always)? hits me", "dad hits me", 1),
        ("<kin> (always)? hits me", "dad always hits me", 1),
        ("<kin> (never (ever|once)|always) hits me", "dad never once hits me", 1),
        ("I have nowhere .", "I have nowhere", 1),
        ("I have nowhere .", "I have nowhere. Help", 1),
        ("I have nowhere .", "I have nowhere to park", 0),
        ("want to die", "I want... to die", 1),
    ],
)
def test_choices_groups_and_ends_are_part_of_a_phrase(phrase: str, text: str, matches: int) -> None:
    """As docs/urgent.md describes them."""
    groups = groups_of({"dad": ["dad", "father"], "kin": ["step <dad>", "<dad>", "mum"]})
    rule = Rule("home", "Home", "Call 999.", {"en": Phrases([phrase], groups)}, Phrases(()))
    assert (rule.find(words_of(text)) is not None) == matches


def test_unless_cancels_a_match_in_its_own_sentence_only() -> None:
    """What is said in the next one counts."""
    rule = Rule("fire", "Fire", "Call 999.", {"en": Phrases(["on fire"])}, Phrases(()), unless=Phrases(["last year"]))
    assert rule.find(words_of("The shed was on fire last year.")) is None
    assert rule.find(words_of("The shed was on fire last year. Now the house is on fire.")) == "on fire"
    assert rule.find(words_of("The house is on fire. I wrote last year, too.")) == "on fire"


@pytest.mark.parametrize(
    ("groups", "words", "fault"),
    [
        ({}, "<kin> hits me", "rule[1].words.en: '<kin> hits me': <kin> is no group that is written before"),
        ({"kin": ["<dad>"], "dad": ["dad"]}, "<kin>", "groups.kin: '<dad>': <dad> is no group that is written before"),
        ({}, "(dad|mum hits me", "rule[1].words.en: '(dad|mum hits me': a bracket is open, or closed twice"),
        ({}, "(dad|) hits me", "rule[1].words.en: '(dad|) hits me': there is nothing between two signs of a choice"),
        ({}, "dad|mum hits me", "rule[1].words.en: 'dad|mum hits me': 'dad|mum' needs a space"),
    ],
)
def test_a_phrase_that_cannot_be_read_is_named_with_its_key(groups: dict[str, Any], words: str, fault: str) -> None:
    """Before any rule is tried."""
    rule = {"name": "gas", "title": "Gas", "advice": "Call 999.", "words": {"en": [words]}, "hits": ["gas leak"]}
    faults = Urgent.model_validate({"groups": groups, "rule": [rule]}).faults([])
    assert faults
    assert str(faults[0]).startswith(fault)


def test_what_matched_is_told_without_any_word_of_the_person() -> None:
    """The words of a gap are left out: alerts leave the service."""
    groups = groups_of({"kin": ["dad", "step dad"]})
    rule = Rule("home", "Home", "Call 999.", {"en": Phrases(["<kin> ... (hit|hits) me"], groups)}, Phrases(()))
    assert rule.find(words_of("My step dad Zebedee always hits me")) == "step dad ... hits me"
    assert rule.find(words_of("My dad hits me")) == "dad hits me"
