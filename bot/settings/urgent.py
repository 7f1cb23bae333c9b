"""urgent.toml: the words that alert the right people at once."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Annotated

from pydantic import Field, field_validator

from bot.allowed import LANGUAGE, NAME
from bot.core.mistakes import Mistake, as_text, choice, used_twice
from bot.core.phrases import Groups, Phrases, groups_of, words_of
from bot.core.urgencies import Rule
from bot.settings.tables import Table
from bot.settings.words import Words

Language = Annotated[str, LANGUAGE]
GroupName = Annotated[str, NAME]
Texts = tuple[str, ...]
MOST_ADVICE = 160


class RuleSettings(Table):
    """One danger, with its words in each language and its own tests."""

    name: Annotated[str, NAME]
    title: str = Field(min_length=1, max_length=100)
    advice: str = Field(min_length=1, max_length=MOST_ADVICE)
    team: str = ""
    words: dict[Language, Words] = Field(min_length=1)
    unless: Words = ()
    near: Words = ()
    hits: Annotated[Texts, Field(min_length=1)] | dict[Language, Texts]
    misses: Texts | dict[Language, Texts] = ()

    @field_validator("advice")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if "\n" in value or not any(character.isdigit() for character in value):
            raise ValueError("must be one line with a number to call")
        return value

    @field_validator("hits")
    @classmethod
    def _at_least_one(cls, value: Texts | dict[str, Texts]) -> Texts | dict[str, Texts]:
        if not _texts(value):
            raise ValueError("must have a text at which the rule fires")
        return value

    def rule(self, groups: Groups) -> Rule:
        """Return the same in the form of the core; its phrases are read when they are needed."""
        return Rule(
            name=self.name,
            title=self.title,
            advice=self.advice,
            words={language: Phrases(phrases, groups) for language, phrases in self.words.items()},
            near=Phrases(self.near, groups),
            team=self.team,
            hits=_texts(self.hits),
            misses=_texts(self.misses),
            unless=Phrases(self.unless, groups),
        )

    def phrases(self) -> Iterator[tuple[str, str]]:
        """Return each phrase after the key under which it stands."""
        keys: Mapping[str, Words] = {f"words.{language}": words for language, words in self.words.items()}
        for key, words in {**keys, "unless": self.unless, "near": self.near}.items():
            yield from ((key, phrase) for phrase in words)


class Urgent(Table):
    """The complete file; a file of your own replaces the packaged one. `alert` off: nobody is alerted at once.

    `groups` are words of one sort under a name, for the phrases below them.
    """

    alert: bool = True
    groups: dict[GroupName, Words] = Field(default_factory=dict)
    rule: tuple[RuleSettings, ...] = ()

    def rules(self) -> tuple[Rule, ...]:
        """Return the rules in the form of the core."""
        return self._rules if self.alert else ()

    @cached_property
    def _rules(self) -> tuple[Rule, ...]:
        groups = groups_of(self.groups)
        return tuple(rule.rule(groups) for rule in self.rule)

    def faults(self, teams: list[str]) -> list[Mistake]:
        """Return each team that does not exist, each phrase that cannot be read, and each failed test."""
        faults = [*self._faults_of_names(teams)]
        try:
            rules = [rule.read() for rule in self.rules()]
        except ValueError:
            return [*faults, *self._unreadable()]
        return [*faults, *(Mistake(message=failure) for failure in failed_examples(rules))]

    def _faults_of_names(self, teams: list[str]) -> Iterator[Mistake]:
        yield from used_twice("rule", [rule.name for rule in self.rule])
        for number, rule in enumerate(self.rule, 1):
            if rule.team and rule.team not in teams:
                advice = choice(rule.team, teams)
                yield Mistake(key=f"rule[{number}].team", message="is no team", advice=advice, value=as_text(rule.team))

    def _unreadable(self) -> Iterator[Mistake]:
        groups: Groups = {}
        for name, phrases in self.groups.items():
            yield from _faults_of(((f"groups.{name}", phrase) for phrase in phrases), groups)
            groups = {**groups, **groups_of({name: ["any"]})}
        for number, rule in enumerate(self.rule, 1):
            yield from _faults_of(((f"rule[{number}].{key}", phrase) for key, phrase in rule.phrases()), groups)


def _faults_of(phrases: Iterable[tuple[str, str]], groups: Groups) -> Iterator[Mistake]:
    """Return what is wrong with each phrase, after the key under which it stands."""
    for key, phrase in phrases:
        try:
            Phrases([phrase], groups).read()
        except ValueError as error:
            yield Mistake(key=key, message=f"{phrase!r}: {error}")


def _texts(value: Texts | Mapping[str, Texts]) -> Texts:
    return tuple(text for texts in value.values() for text in texts) if isinstance(value, Mapping) else tuple(value)


def failed_examples(rules: Iterable[Rule]) -> list[str]:
    """Return every failed test of the rules, one line each."""
    failures = []
    for rule in rules:
        failures += [f"{rule.name}: it misses {text!r}" for text in rule.hits if rule.find(words_of(text)) is None]
        matches = ((text, rule.find(words_of(text))) for text in rule.misses)
        failures += [f"{rule.name}: {phrase!r} fires at {text!r}" for text, phrase in matches if phrase]
    return failures
