"""The lint of outgoing messages: each rule examines a template with several invented contacts."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from bot.core.languages import ENGLISH
from bot.render import lint_pages, lint_translations, lint_words
from bot.render.compose import Composer
from bot.render.drafts import Draft, Level, Remark, draft
from bot.render.samples import SORTS, Sort

_MAILS = frozenset({Sort.RECEIPT, Sort.LETTER, Sort.STAFF})
_LETTERS = frozenset({Sort.RECEIPT, Sort.LETTER})
_PRIVATE = _LETTERS | {Sort.TEXT}
_TO_PEOPLE = _PRIVATE | {Sort.PUBLIC}
_EVERY = frozenset(Sort)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, the sorts of templates that it applies to, and their languages: English, others, or every one."""

    number: str
    question: Callable[[Draft], Iterator[Remark]]
    sorts: frozenset[Sort]
    languages: Literal["every", "English", "others"] = "every"

    def concerns(self, template: Draft) -> bool:
        """Tell whether the rule applies to this template."""
        language = "English" if template.language == ENGLISH else "others"
        return template.sort in self.sorts and self.languages in ("every", language)


_OF_CONFIGURATION = (lint_words.NO_TELEPHONE, lint_words.NO_WEBSITE)
# L12 applies to short texts only in part: an urgent one must say what to do at once.
_WITH_ADVICE = frozenset({Sort.RECEIPT, Sort.TEXT})

RULES = (
    Rule("L1", lint_pages.both_parts_say_the_same, _MAILS),
    Rule("L2", lint_words.the_reference_is_there, _PRIVATE),
    Rule("L3", lint_words.dates_are_honest, _TO_PEOPLE),
    Rule("L4", lint_pages.values_stay_values, _EVERY),
    Rule("L5", lint_pages.links_are_good, _EVERY),
    Rule("L6", lint_pages.pictures_are_not_needed, _MAILS),
    Rule("L7", lint_pages.sizes_are_small, _EVERY),
    Rule("L8", lint_pages.the_page_can_be_read, _MAILS),
    Rule("L9", lint_words.it_is_easy_to_read, _TO_PEOPLE, "English"),
    Rule("L10", lint_words.words_are_plain, _EVERY, "English"),
    Rule("L11", lint_words.nothing_personal_is_public, frozenset({Sort.PUBLIC})),
    Rule("L12", lint_words.urgent_help_is_named, _WITH_ADVICE),
    Rule("L13", lint_words.everybody_can_read_it, frozenset({Sort.RECEIPT})),
    Rule("L14", lint_words.people_may_answer, _TO_PEOPLE, "English"),
    Rule("L15", lint_words.it_says_it_is_automatic, _TO_PEOPLE, "English"),
    Rule("L16", lint_words.the_subject_is_short_and_calm, _MAILS),
    Rule("L17", lint_words.no_other_clock_is_started, _TO_PEOPLE, "English"),
    Rule("L18", lint_words.there_is_a_way_on_and_off_line, frozenset({Sort.RECEIPT})),
    Rule("L19", lint_words.nobody_is_told_to_type_commands, _EVERY),
    Rule("L20", lint_translations.placeholders_are_the_same, _EVERY, "others"),
    Rule("L21", lint_translations.no_way_out_is_lost, _EVERY, "others"),
    Rule("L22", lint_translations.no_section_is_lost, _EVERY, "others"),
    Rule("L23", lint_translations.it_is_about_as_long, _EVERY, "others"),
    Rule("L24", lint_translations.it_is_in_its_language, _EVERY, "others"),
    Rule("L25", lint_translations.values_stand_apart, _EVERY, "others"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of a template by one rule, and the remedy; `where` is its file below `templates/`."""

    where: str
    rule: str
    level: Level
    words: str

    def __str__(self) -> str:
        return f"{self.where}: {self.level} {self.rule}: {self.words}"


def examine(composer: Composer, name: str, language: str) -> list[Finding]:
    """Return the findings of one template, in the order of the rules; each once, even if several samples show it."""
    template, where = draft(composer, name, language), f"messages/{language}/{name}.md"
    findings = (
        Finding(where, rule.number, *remark)
        for rule in RULES
        if rule.concerns(template)
        for remark in rule.question(template)
    )
    return list(dict.fromkeys(findings))


def examine_all(composer: Composer, languages: Collection[str]) -> list[Finding]:
    """Return the findings of every template in these languages: the organisation's own, else the packaged one.

    What the configuration lacks is named at the first template that misses it.
    """
    names = [(name, language) for name, language in composer.names() if language in languages]
    findings: dict[object, Finding] = {}
    for name, language in names:
        for finding in examine(composer, name, language):
            remark = finding.level, finding.words
            findings.setdefault(remark if remark in _OF_CONFIGURATION else finding, finding)
    return [*findings.values()]


def errors(findings: list[Finding]) -> list[Finding]:
    """Return the findings that must be corrected before the template is used."""
    return [finding for finding in findings if finding.level is Level.ERROR]


def summary(findings: list[Finding]) -> str:
    """Return the number of each level in words: "good", "1 error, 2 warnings"."""
    counts = Counter(finding.level for finding in findings)
    words = (f"{counts[level]} {level}{'s' * (counts[level] > 1)}" for level in Level if counts[level])
    return ", ".join(words) or "good"


def has_page(name: str) -> bool:
    """Tell whether messages of this template have an HTML part: mails have one, texts on platforms do not."""
    return SORTS.get(name, Sort.STAFF) in _MAILS
