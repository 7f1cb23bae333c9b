"""urgent.toml: the words that alert the right people at once."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field, field_validator

from bot.core import topics
from bot.core.topics import Phrases, words_of
from bot.settings.tables import Table, Words

Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
MOST_ADVICE = 160


class RuleSettings(Table):
    """One danger, with its words in each language and its own tests."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")
    title: str = Field(min_length=1, max_length=100)
    advice: str = Field(min_length=1, max_length=MOST_ADVICE)
    team: str = ""
    words: dict[Language, Words] = Field(min_length=1)
    near: Words = ()
    hits: tuple[str, ...] = Field(min_length=1)
    misses: tuple[str, ...] = ()

    @field_validator("advice")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if "\n" in value or not any(character.isdigit() for character in value):
            raise ValueError("must be one line with a number to call")
        return value

    def rule(self) -> topics.Rule:
        """Return the same in the form of the core."""
        return topics.Rule(
            name=self.name,
            title=self.title,
            advice=self.advice,
            words={language: Phrases(phrases) for language, phrases in self.words.items()},
            near=Phrases(self.near),
            team=self.team,
            hits=self.hits,
            misses=self.misses,
        )


class Urgent(Table):
    """The complete file; a file of your own replaces the packaged one. `alert` off: nobody is alerted at once."""

    alert: bool = True
    rule: tuple[RuleSettings, ...] = ()

    def rules(self) -> tuple[topics.Rule, ...]:
        """Return the rules in the form of the core."""
        return tuple(rule.rule() for rule in self.rule) if self.alert else ()

    def faults(self, teams: list[str]) -> list[str]:
        """Return each team that does not exist, and every test that a rule fails."""
        names = [rule.name for rule in self.rule]
        faults = [f"rule.name = {name!r} is used twice" for name in sorted({n for n in names if names.count(n) > 1})]
        for number, rule in enumerate(self.rule, 1):
            if rule.team and rule.team not in teams:
                faults.append(
                    f"rule[{number}].team = {rule.team!r} is no team; allowed: {', '.join(teams) or 'none yet'}"
                )
        return [*faults, *failed_examples(self.rules())]


def failed_examples(rules: Iterable[topics.Rule]) -> list[str]:
    """Return every failed test of the rules, one line each."""
    failures = []
    for rule in rules:
        failures += [f"{rule.name}: it misses {text!r}" for text in rule.hits if rule.find(words_of(text)) is None]
        matches = ((text, rule.find(words_of(text))) for text in rule.misses)
        failures += [f"{rule.name}: {phrase!r} fires at {text!r}" for text, phrase in matches if phrase]
    return failures
