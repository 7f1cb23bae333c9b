"""Finds messages that cannot wait, because somebody may be in danger.

A miss is worse than a false alarm: the rules look for words, and a person decides.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.core.phrases import Phrases, Words, words_of


@dataclass(frozen=True, slots=True)
class Rule:
    """One danger: `title` is for staff, `advice` for the person who wrote.

    `team` is alerted, if it is not "", in place of the contact's team. `words` are phrases by language; `near` are
    phrases that do not alert. `hits` and `misses` are texts by which the rule is tested.
    """

    name: str
    title: str
    advice: str
    words: Mapping[str, Phrases]
    near: Phrases
    team: str = ""
    hits: tuple[str, ...] = ()
    misses: tuple[str, ...] = ()

    def find(self, words: Words) -> str | None:
        """Return the phrase that matches, in any of the languages, as people mix them."""
        return next((phrase for phrases in self.words.values() if (phrase := phrases.find(words))), None)


@dataclass(frozen=True, slots=True)
class Urgency:
    """The rule that applies, and the phrase that matched."""

    rule: Rule
    phrase: str


Rules = Sequence[Rule]


def find(words: Words, rules: Rules) -> Urgency | None:
    """Return the first rule that matches a text."""
    return next((Urgency(rule, phrase) for rule in rules if (phrase := rule.find(words))), None)


def near(words: Words, rules: Rules) -> Urgency | None:
    """Return the first rule whose near phrases match a text."""
    return next((Urgency(rule, phrase) for rule in rules if (phrase := rule.near.find(words))), None)


def faults(rules: Iterable[Rule]) -> list[str]:
    """Return every failed test of the rules, one line each."""
    failures = []
    for rule in rules:
        failures += [f"{rule.name}: it misses {text!r}" for text in rule.hits if rule.find(words_of(text)) is None]
        matches = ((text, rule.find(words_of(text))) for text in rule.misses)
        failures += [f"{rule.name}: {phrase!r} fires at {text!r}" for text, phrase in matches if phrase]
    return failures
