"""What cannot wait: the rules that look for words at which a person is called. A miss is worse than a false alarm."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import islice
from operator import itemgetter
from typing import Any

from bot.core.phrases import Phrase, Phrases, Sentence, Words, words_again

# How many places of a text one phrase is looked at, and how far around each its sentence is read.
_MOST_PLACES, _AROUND = 50, 200
# How far from a phrase what makes it harmless may stand: further away it is about something else.
_NEAR = 15


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One danger: `title` is for staff, `advice` for the person who wrote.

    `team` is alerted, if it is not "", in place of the contact's team. `words` are phrases by language; where one of
    `unless` stands close by in the same sentence, they say nothing. `near` are phrases that do not alert. `hits` and
    `misses` are texts by which the rule is tested.
    """

    name: str
    title: str
    advice: str
    words: Mapping[str, Phrases]
    near: Phrases
    team: str = ""
    hits: tuple[str, ...] = ()
    misses: tuple[str, ...] = ()
    unless: Phrases = field(default_factory=lambda: Phrases(()))

    def read(self) -> "Rule":
        """Read every phrase now; raises ValueError for one that cannot be read."""
        for phrases in (*self.words.values(), self.near, self.unless):
            phrases.read()
        return self

    def find(self, words: Words) -> str | None:
        """Return the phrase that matches, in any of the languages, as people mix them."""
        match = urgency_in(words, (self,))
        return match.phrase if match else None


@dataclass(frozen=True, slots=True)
class Urgency:
    """The rule that applies, and the phrase that matched, without any word that the rule does not know."""

    rule: Rule
    phrase: str


Rules = Sequence[Rule]


class RulesOnDemand(Sequence[Rule]):
    """Rules that `make` returns when the first of them is asked for."""

    def __init__(self, make: Callable[[], tuple[Rule, ...]]) -> None:
        self._make = make

    @cached_property
    def _rules(self) -> tuple[Rule, ...]:
        return self._make()

    def __getitem__(self, place: Any) -> Any:
        return self._rules[place]

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)


# Whether a sentence, folded, is none of what the person says now.
IsOld = Callable[[str], bool]
_Entry = tuple[int, Rule, Phrase]


def _label(phrase: Phrase, rule: Rule, words: Words, sentences: Sequence[Sentence], is_old: IsOld | None) -> str | None:
    """Return what the phrase found, if it says anything at one of its places."""
    matches = islice(phrase.places(words, sentences), _MOST_PLACES)
    return next((phrase.label(match) for match in matches if _counts(words, match.span(), rule, is_old)), None)


def _counts(words: Words, place: tuple[int, int], rule: Rule, is_old: IsOld | None) -> bool:
    if is_old is not None and is_old(words.around(*place, _AROUND)):
        return False
    return not rule.unless.phrases or rule.unless.find(words_again(words.around(*place, _NEAR))) is None


@lru_cache(maxsize=64)
def _by_anchor(rules: tuple[Rule, ...]) -> Mapping[str, Sequence[_Entry]]:
    """Return every phrase of the rules by each of its anchors, with its place in their order."""
    phrases = ((rule, phrase) for rule in rules for of_language in rule.words.values() for phrase in of_language)
    by_anchor: dict[str, list[_Entry]] = {"": []}
    for place, (rule, phrase) in enumerate(phrases):
        for anchor in phrase.anchors:
            by_anchor.setdefault(anchor, []).append((place, rule, phrase))
    return by_anchor


def read(rules: Rules) -> None:
    """Read the phrases of all rules now (0.15 s), so that the first message does not wait for them."""
    _by_anchor(tuple(rules))


def urgency_in(words: Words, rules: Rules, is_old: IsOld | None = None, but: str = "") -> Urgency | None:
    """Return the first rule that matches a text, by a sentence that is not old; not the rule of the name `but`."""
    by_anchor = _by_anchor(tuple(rules))
    anchors = by_anchor.keys() & words.terms
    if not anchors and not by_anchor[""]:
        return None
    possible = _possible(words, anchors, by_anchor)
    matches = (
        Urgency(rule, label)
        for _, (rule, phrase, sentences) in sorted(possible.items(), key=itemgetter(0))
        if rule.name != but and (label := _label(phrase, rule, words, sentences, is_old)) is not None
    )
    return next(matches, None)


def _possible(
    words: Words, anchors: AbstractSet[str], by_anchor: Mapping[str, Sequence[_Entry]]
) -> dict[int, tuple[Rule, Phrase, list[Sentence]]]:
    """Return each phrase that a sentence may have, by its place in the order of the rules."""
    everywhere = [Sentence(0, len(words.text), words.terms)]
    possible = {place: (rule, phrase, everywhere) for place, rule, phrase in by_anchor[""]}
    # Most phrases fail by the words of the complete text, and then no sentence need be looked at for them.
    entries = {anchor: [entry for entry in by_anchor[anchor] if entry[2].may_be_in(words.terms)] for anchor in anchors}
    entries = {anchor: of_anchor for anchor, of_anchor in entries.items() if of_anchor}
    for sentence in words.sentences(entries.keys()) if entries else ():
        for anchor in entries.keys() & sentence.terms:
            for place, rule, phrase in entries[anchor]:
                if phrase.may_be_in(sentence.terms):
                    possible.setdefault(place, (rule, phrase, []))[2].append(sentence)
    return possible
