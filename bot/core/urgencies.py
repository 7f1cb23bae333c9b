"""What cannot wait: whether the words of a message say that somebody may be in danger.

A miss is worse than a false alarm: the rules look for words, and a person decides.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.core.phrases import Phrases, Words, words_of


@dataclass(frozen=True, slots=True)
class Rule:
    """One danger: `title` in words for staff, `advice` in words for the person.

    `team` is told, where it is not "", in place of the contact's. `words` are phrases by language; `near` do not
    alert. `hits` and `misses` are texts by which the rule is tested.
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
        """The phrase that fires, in any of the languages: people mix them."""
        return next((found for phrases in self.words.values() if (found := phrases.find(words))), None)


@dataclass(frozen=True, slots=True)
class Urgency:
    """The rule that fired, and at which of its phrases."""

    rule: Rule
    phrase: str


Rules = Sequence[Rule]


def find(words: Words, rules: Rules) -> Urgency | None:
    """The first rule that finds something in a text."""
    return next((Urgency(rule, found) for rule in rules if (found := rule.find(words))), None)


def near(words: Words, rules: Rules) -> Urgency | None:
    """The first rule whose words come near, where none fires."""
    return next((Urgency(rule, found) for rule in rules if (found := rule.near.find(words))), None)


def faults(rules: Iterable[Rule]) -> list[str]:
    """Every test of their own that the rules fail, one line each."""
    found = []
    for rule in rules:
        found += [f"{rule.name}: it misses {text!r}" for text in rule.hits if rule.find(words_of(text)) is None]
        fired = ((text, rule.find(words_of(text))) for text in rule.misses)
        found += [f"{rule.name}: {phrase!r} fires at {text!r}" for text, phrase in fired if phrase]
    return found
