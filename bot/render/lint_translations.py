"""The rules of the lint about translations, each compared with the English of the same name: L20 to L25."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pycld2
from selectolax.lexbor import LexborHTMLParser

from bot.core import languages
from bot.render import branches
from bot.render.compose import Rendered
from bot.render.drafts import Draft, Remark, error, links

# Of the English; each Chinese character says what several letters do.
_LENGTHS, _DENSE = (0.6, 1.6), {"zh": (0.15, 0.7)}
# A few words are no measure: the bounds are widened by so many characters.
_LEEWAY = 20
_MOST_ENGLISH_WORDS = 4
_LEAST_SHARE, _LEAST_CHARACTERS = 80, 60
_NUMBER = re.compile(r"\d+")
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_DANGER = "999"
# They inflect, or others do because of them: "do poniedziałku", "5 dni", "3 dzień".
_INFLECTING = ("answered", "before", "hours", "opens_on", "promise", "received", "respond_by", "within")
_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_TAG = re.compile(r"\{%.*?%\}")
_COLONS = (":", "\uff1a")
_STARTS = "^*#- \t"
# Nothing follows, or what ends a sentence or a bracket.
_AFTER = re.compile(r"\s*(?:[.,;)\u060c\u061b\u06d4\u0964\u3002\uff0c\uff1b\uff09]|$)")
_SCRIPTS: Mapping[str, tuple[str, ...]] = {
    "uk": ("CYRILLIC", "LATIN"),
    "ar": ("ARABIC", "LATIN"),
    "ur": ("ARABIC", "LATIN"),
    "bn": ("BENGALI", "LATIN"),
    "zh": ("CJK", "LATIN"),
}
# The apostrophe within Ukrainian words is a letter of no script.
_APOSTROPHE = "\u02bc"
# Letters that look the same in another language of the script, and are other letters to a screen reader.
_STRANGERS = {"ar": "\u06a9\u06cc\u06c1\u06be\u06d2", "ur": "\u0643\u064a\u0649", "uk": "ыэёъ"}


@dataclass(frozen=True, slots=True)
class _Pair:
    """A sample in both languages."""

    translation: Rendered
    english: Rendered


def placeholders_are_the_same(draft: Draft) -> Iterator[Remark]:
    """L20: every value stands under the same conditions as in English, in the subject and in the message."""
    english = draft.english
    if english is None:
        return
    for branch in sorted(english.branches - draft.branches):
        yield error(f"It lacks {branches.in_words(branch)}, which the English has.")
    for branch in sorted(draft.branches - english.branches):
        yield error(f"It has {branches.in_words(branch)}, which the English has not.")


def no_way_out_is_lost(draft: Draft) -> Iterator[Remark]:
    """L21: the same links and numbers as in English, and the reference as often; 999 may be said once more."""
    for pair in _pairs(draft):
        english, translation = _links(pair.english, draft.english), _links(pair.translation, draft)
        for address in sorted((english - translation) + (translation - english)):
            yield error(f"The link {address} is not there as often as in English.")
        english, translation = _numbers(pair.english), _numbers(pair.translation)
        for number in sorted((english - translation) + (translation - english)):
            if number != _DANGER or translation[number] < english[number]:
                yield error(f"The number {number} is not there as often as in English.")
        reference = str(pair.english.values.get("reference", ""))
        if reference and pair.translation.text.count(reference) != pair.english.text.count(reference):
            yield error("{{ reference }} is not there as often as in English.")


def no_section_is_lost(draft: Draft) -> Iterator[Remark]:
    """L22: as many headings and items of lists as in English, and as many paragraphs, but for one."""
    for pair in _pairs(draft):
        translation, english = (LexborHTMLParser(sample.html) for sample in (pair.translation, pair.english))
        for tags, noun in (("h1, h2", "headings"), ("li", "items of lists")):
            if (count := len(translation.css(tags))) != (most := len(english.css(tags))):
                yield error(f"It has {count} {noun}, the English {most}.")
        if abs((count := len(translation.css("p"))) - (most := len(english.css("p")))) > 1:
            yield error(f"It has {count} paragraphs, the English {most}.")


def it_is_about_as_long(draft: Draft) -> Iterator[Remark]:
    """L23: from 0.6 to 1.6 of the English; Chinese is denser."""
    least, most = _DENSE.get(draft.language, _LENGTHS)
    for pair in _pairs(draft):
        english, translation = (len(" ".join(sample.own_text.split())) for sample in (pair.english, pair.translation))
        if not english * least - _LEEWAY <= translation <= english * most + _LEEWAY:
            yield error(
                f"It has {translation} characters of its own, the English {english}: is something missing, or too much?"
            )


def it_is_in_its_language(draft: Draft) -> Iterator[Remark]:
    """L24: the words are of that language, none of the English stayed, and every letter is of its script."""
    for pair in _pairs(draft):
        words = f"{pair.translation.own_subject}\n{pair.translation.own_text}"
        yield from strange_letters(draft.language, words)
        if run := _english_run(words, pair.english.own_text):
            yield error(f'"{run}" is English: translate it.')
        yield from another_language(draft.language, words)


def values_stand_apart(draft: Draft) -> Iterator[Remark]:
    """L25: dates, times and counts stand after a colon or alone in a line, where nothing has to agree with them."""
    for line in f"{draft.source[0]}\n{draft.source[1]}".splitlines():
        plain = _TAG.sub("", line)
        for match in _PLACEHOLDER.finditer(plain):
            before, after = plain[: match.start()].strip(_STARTS), plain[match.end() :]
            if match[1] in _INFLECTING and not _stands_apart(before, after):
                yield error(f"{match[0]} stands within a sentence: put it at the end of one, after a colon.")


def _stands_apart(before: str, after: str) -> bool:
    return (not before or before.endswith(_COLONS)) and _AFTER.match(after) is not None


def _pairs(draft: Draft) -> Iterator[_Pair]:
    if draft.english is not None:
        for contact, sample in draft.samples.items():
            if contact in draft.english.samples:
                yield _Pair(sample, draft.english.samples[contact])


def _links(sample: Rendered, draft: Draft | None) -> Counter[str]:
    """The addresses of the links; those of our pages as they are in every language."""
    site, own = (draft.constants.get("site", ""), draft.site) if draft else ("", "")
    addresses = (address for address, _ in links(LexborHTMLParser(sample.html)))
    return Counter(address.replace(f"{own}/", f"{site}/", 1) if own else address for address in addresses)


def _numbers(sample: Rendered) -> Counter[str]:
    return Counter(_NUMBER.findall(sample.own_text))


def another_language(language: str, words: str) -> Iterator[Remark]:
    """Report words that are clearly of another language than this one."""
    guess = _guess(words)
    if guess and guess != language:
        yield error(f"It reads like {_name(guess)}, not like {_name(language)}.")


def strange_letters(language: str, words: str) -> Iterator[Remark]:
    """Report letters and digits that this language does not write, and those that look alike."""
    if not unicodedata.is_normalized("NFC", words):
        yield error("Its letters are not composed (Unicode NFC): save the file so.")
    for word in dict.fromkeys(_WORD.findall(words)):
        yield from _strange_word(language, word)
    if digits := sorted({digit for digit in words if digit.isdecimal() and not digit.isascii()}):
        yield error(f"{''.join(digits)}: write digits as 0 to 9, which people read out and type.")


def _strange_word(language: str, word: str) -> Iterator[Remark]:
    scripts = _SCRIPTS.get(language, ("LATIN",))
    alphabets = {_script(letter, scripts) for letter in word if letter.isalpha() and letter != _APOSTROPHE}
    if "" in alphabets:
        yield error(f'"{word}" has letters of another script.')
    elif len(alphabets) > 1 and language != "zh":
        yield error(f'"{word}" mixes two scripts: letters that look alike are other letters.')
    elif strangers := sorted(set(word) & set(_STRANGERS.get(language, ""))):
        yield error(f'"{word}" has {"".join(strangers)}, which {_name(language)} does not write.')


def _script(letter: str, scripts: tuple[str, ...]) -> str:
    name = unicodedata.name(letter, "")
    return next((script for script in scripts if name.startswith(script)), "")


def _english_run(words: str, english: str) -> str:
    """Return the first words in a row that stand so in the English, "" where there are few."""
    length = _MOST_ENGLISH_WORDS + 1
    of_english = {tuple(run) for run in _runs(english, length)}
    return " ".join(next((run for run in _runs(words, length) if tuple(run) in of_english), []))


def _runs(text: str, length: int) -> Iterator[list[str]]:
    words = [word.casefold() for word in _WORD.findall(text)]
    return (words[start : start + length] for start in range(len(words) - length + 1))


def _guess(words: str) -> str:
    """Return what language the words seem to be, "" where it is not sure."""
    if len(words) < _LEAST_CHARACTERS:
        return ""
    is_reliable, _, guesses = pycld2.detect(words, isPlainText=True)
    _, code, share, _ = guesses[0]
    return code.partition("-")[0] if is_reliable and share >= _LEAST_SHARE else ""


def _name(code: str) -> str:
    language = languages.LANGUAGES.get(code)
    return language.english_name if language else code
