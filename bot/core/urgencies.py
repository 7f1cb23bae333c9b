"""What cannot wait: the rules that look for words at which a person is called. A miss is worse than a false alarm."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from operator import itemgetter

from bot.core.phrases import Phrase, Phrases, Words, words_again

# How many places of a text one phrase is looked at, and how far around each its sentence is read.
_MOST_PLACES, _AROUND = 50, 200


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One danger: `title` is for staff, `advice` for the person who wrote.

    `team` is alerted, if it is not "", in place of the contact's team. `words` are phrases by language; where one of
    `unless` stands in the same sentence, they say nothing. `near` are phrases that do not alert. `hits` and `misses`
    are texts by which the rule is tested.
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

    def find(self, words: Words) -> str | None:
        """Return the phrase that matches, in any of the languages, as people mix them."""
        phrases = (phrase for of_language in self.words.values() for phrase in of_language)
        return next((phrase.phrase for phrase in phrases if _says(phrase, self, words)), None)


@dataclass(frozen=True, slots=True)
class Urgency:
    """The rule that applies, and the phrase that matched."""

    rule: Rule
    phrase: str


Rules = Sequence[Rule]
# Whether a sentence, folded, is none of what the person says now.
IsOld = Callable[[str], bool]
_Entry = tuple[int, Rule, Phrase]


def _says(phrase: Phrase, rule: Rule, words: Words, is_old: IsOld | None = None) -> bool:
    return any(_counts(words, place, rule, is_old) for place in islice(phrase.places(words), _MOST_PLACES))


def _counts(words: Words, place: tuple[int, int], rule: Rule, is_old: IsOld | None) -> bool:
    sentence = words.sentence(*place, _AROUND)
    if is_old is not None and is_old(sentence):
        return False
    return not rule.unless.phrases or rule.unless.find(words_again(sentence)) is None


@lru_cache(maxsize=8)
def _by_anchor(rules: tuple[Rule, ...]) -> Mapping[str, Sequence[_Entry]]:
    """Return every phrase of the rules by each of its anchors, with its place in their order."""
    phrases = ((rule, phrase) for rule in rules for of_language in rule.words.values() for phrase in of_language)
    by_anchor: dict[str, list[_Entry]] = {"": []}
    for place, (rule, phrase) in enumerate(phrases):
        for anchor in phrase.anchors:
            by_anchor.setdefault(anchor, []).append((place, rule, phrase))
    return by_anchor


def urgency_in(words: Words, rules: Rules, is_old: IsOld | None = None) -> Urgency | None:
    """Return the first rule that matches a text, by a sentence that is not old."""
    matches = (
        Urgency(rule, phrase.phrase) for rule, phrase in _candidates(words, rules) if _says(phrase, rule, words, is_old)
    )
    return next(matches, None)


def _candidates(words: Words, rules: Rules) -> Iterator[tuple[Rule, Phrase]]:
    """Every phrase that the text may have, in the order of the rules."""
    by_anchor = _by_anchor(tuple(rules))
    anchors = ["", *(by_anchor.keys() & words.terms)]
    entries = [entry for anchor in anchors for entry in by_anchor[anchor] if entry[2].is_possible(words)]
    return ((rule, phrase) for _, rule, phrase in sorted(entries, key=itemgetter(0)))
