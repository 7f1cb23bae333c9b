"""The lint of translations: one Polish text that breaks each rule, and what is said about it."""

import shutil
from pathlib import Path

import pytest

from bot.render import branches, lint, lint_language_words
from bot.render.compose import Composer
from bot.render.lint import Finding
from tests.render.letters import COMPOSER, CONSTANTS, TEMPLATES

PACKAGED = (TEMPLATES / "messages" / "pl" / "added.md").read_text(encoding="utf-8")
WORDS = (TEMPLATES / "messages" / "pl" / "words.toml").read_text(encoding="utf-8")
PORTUGUESE = (TEMPLATES / "messages" / "pt" / "words.toml").read_text(encoding="utf-8")
LINE = "\n\nCzłowiek przeczyta to wszystko."


def sentences(words: str) -> str:
    """What of the words of a language is whole sentences."""
    return words.partition("english_beneath")[2].partition("\nat =")[0]


# By rule and what is wrong: what of a good translation becomes what, and the beginning of what is said.
BROKEN = {
    "L20 lost": ("{% if track %}", "{% if site %}", "It lacks {{ track }} where track, which the English has"),
    "L20 more": ("Wysyłamy", "{{ received }}. Wysyłamy", "It has {{ received }}, which the English has not"),
    "L21 link": ("[Zobacz, co się dzieje z Twoją wiadomością]({{ site }}/track/{{ track }})", "{{ site }} {{ track }}",
                 "The link https://contact.example.gov.uk/track/EX-7K3M-9QPH/"),
    "L21 danger": ("zadzwoń pod numer 999", "zadzwoń na policję", "The number 999 is not there as often"),
    "L21 relay": ("Wybierz 18001", "Wybierz 18002", "The number 18001 is not there as often"),
    "L21 reference": ("bez numeru {{ reference }}", "bez numeru", "{{ reference }} is not there as often"),
    "L22 headings": ("## Co będzie dalej", "Co będzie dalej", "It has 1 headings, the English 2"),
    "L22 items": ("* [Zobacz", "[Zobacz", "It has 0 items of lists, the English 1"),
    "L22 paragraphs": ("Wysyłamy", f"{LINE * 2}\n\nWysyłamy", "It has 1"),
    "L23 short": (PACKAGED.partition("## Co")[2].partition("---")[0], "Jest.", "It has"),
    "L23 long": ("wszystko.", "wszystko. " + "Wszystko przeczyta. " * 40, "It has"),
    "L24 English": ("Człowiek przeczyta to wszystko.", "A person will read all of it.", '"a person will read all" is'),
    "L24 script": ("wszystko.", "wszystko. Привет.", '"Привет" has letters of another script'),
    "L24 alike": ("wszystko.", "wszystk\u043e.", '"wszystk\u043e" has letters of another script'),
    "L24 composed": ("Człowiek", "Człowiek z\u0307", "Its letters are not composed"),
    "L24 digits": ("wszystko.", "wszystko. ٣", "٣: write digits as 0 to 9"),
    "L25 before": ("odpowiedzi: {{ respond_by }}", "odpowiedzi do {{ respond_by }}", "{{ respond_by }} stands within"),
    "L25 after": ("{{ respond_by }}\n", "{{ respond_by }} odpowiemy\n", "{{ respond_by }} stands within"),
}  # fmt: skip
BROKEN_WORDS = {
    "lost": ('few = "{n} dni robocze"\n', "", "counts.working_days lacks few, a plural of this language"),
    "strange": ("[counts.days]\n", '[counts.days]\ntwo = "dwa dni"\n', "counts.days has two, which is no plural"),
    "number": ('many = "{n} dni roboczych"', 'many = "dni roboczych"', "counts.working_days says nothing"),
    "language": (sentences(WORDS), sentences(PORTUGUESE), "It reads like Portuguese"),
    "file": ("[counts.months]", "[counts.weeks]", "It cannot be used"),
}  # fmt: skip


def polish(folder: Path, source: str) -> Composer:
    """An organisation with a Polish message of its own."""
    (folder / "messages" / "pl").mkdir(parents=True)
    (folder / "messages" / "pl" / "added.md").write_text(source, encoding="utf-8")
    return Composer([folder, TEMPLATES], CONSTANTS)


def findings_of(composer: Composer) -> list[Finding]:
    """What the lint says of it."""
    return lint.examine(composer, "added", "pl")


@pytest.mark.parametrize("rule", BROKEN)
def test_each_rule_finds_what_breaks_it(tmp_path: Path, rule: str) -> None:
    """By its number, in a sentence that says what is wrong; the packaged translation breaks none."""
    before, after, words = BROKEN[rule]
    assert before in PACKAGED
    findings = findings_of(polish(tmp_path, PACKAGED.replace(before, after)))
    of_rule = [finding for finding in findings if finding.rule == rule.split(maxsplit=1)[0]]
    assert [finding for finding in of_rule if finding.words.startswith(words)], findings


def test_a_text_of_another_language_is_named(tmp_path: Path) -> None:
    """Portuguese in the file of Polish, with everything else in its place."""
    portuguese = (TEMPLATES / "messages" / "pt" / "added.md").read_text(encoding="utf-8")
    assert "It reads like Portuguese, not like Polish." in {
        finding.words for finding in findings_of(polish(tmp_path, portuguese))
    }


def test_danger_may_be_named_once_more(tmp_path: Path) -> None:
    """Above an advice that is in English only, a translation says 999 itself."""
    more = PACKAGED.replace("wszystko.", "wszystko. W razie potrzeby: 999.")
    assert findings_of(polish(tmp_path, more)) == []


def test_branches_are_read_from_the_syntax_and_not_from_the_words() -> None:
    """Conditions within one another, and what holds where one does not."""
    of_message = COMPOSER.branches("message", "en")
    assert (("service_text and not urgent",), "service_text") in of_message
    assert (("not (urgent)", "phone"), "phone") in of_message
    assert branches.in_words((("not (urgent)", "phone"), "phone")) == "{{ phone }} where not (urgent) and phone"


@pytest.mark.parametrize("fault", BROKEN_WORDS)
def test_the_words_of_a_language_are_complete(tmp_path: Path, fault: str) -> None:
    """Every plural of the CLDR and no other, the number in each, sentences in the language."""
    before, after, words = BROKEN_WORDS[fault]
    assert before in WORDS
    shutil.copytree(TEMPLATES / "messages" / "pl", tmp_path / "messages" / "pl")
    (tmp_path / "messages" / "pl" / "words.toml").write_text(WORDS.replace(before, after, 1), encoding="utf-8")
    findings = lint_language_words.examine([tmp_path], "pl")
    assert any(finding.words.startswith(words) for finding in findings), findings
    assert lint_language_words.examine([TEMPLATES], "pl") == []


def test_every_rule_of_translations_is_broken_by_a_text_here() -> None:
    """L20 to L25, each once in order, and none without a test."""
    numbers = [rule.number for rule in lint.RULES if rule.languages == "others"]
    assert numbers == list(dict.fromkeys(rule.split()[0] for rule in BROKEN))
