"""The rule of the lint about the words of a language that stand around values, `words.toml`: L26."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.core.languages import ENGLISH
from bot.render import language_words
from bot.render.drafts import Remark, error
from bot.render.front_matter import BadTemplate
from bot.render.language_words import FILE, LanguageWords
from bot.render.lint import Finding
from bot.render.lint_translations import another_language, strange_letters

_RULE = "L26"
# Some of each plural category that any language has.
_TRIED = (0, 1, 2, 3, 5, 6, 10, 20, 40)
# "One day", "two days": a language may say these in a word.
_IN_A_WORD = (0, 1, 2)


def examine(directories: Sequence[Path], language: str) -> list[Finding]:
    """Return what is wrong with the words of a language."""
    where = f"messages/{language}/{FILE}"
    try:
        words = language_words.read(directories, language)
    except BadTemplate as fault:
        return [Finding(where, _RULE, *error(f"It cannot be used: {fault}"))]
    remarks = [*_of_counts(words), *(_of_sentences(words) if language != ENGLISH else ())]
    return [Finding(where, _RULE, *remark) for remark in dict.fromkeys(remarks)]


def _of_counts(words: LanguageWords) -> Iterator[Remark]:
    """Report each count that lacks a plural category of the CLDR, has another one, or loses the number."""
    from babel import Locale  # noqa: PLC0415 - it takes long, and nothing else here needs it

    rule = Locale.parse(words.locale).plural_form
    categories = rule.tags | {language_words.OTHER}
    for name, forms in words.counts.items():
        for category in sorted(categories - set(forms)):
            yield error(f"counts.{name} lacks {category}, a plural of this language.")
        for category in sorted(set(forms) - categories):
            yield error(f"counts.{name} has {category}, which is no plural of this language.")
        for number in _TRIED:
            form = forms.get(rule(number), "")
            if form and "{n}" not in form and number not in _IN_A_WORD:
                yield error(f"counts.{name} says nothing of the number {number}: write {{n}}.")


def _of_sentences(words: LanguageWords) -> Iterator[Remark]:
    sentences = f"{words.english_beneath}\n{words.offer}"
    yield from strange_letters(words.code, sentences)
    yield from another_language(words.code, sentences)
