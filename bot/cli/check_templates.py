"""What `ackbot check` says of the messages: their faults, and what there is of each language that is offered."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bot.core.languages import ENGLISH, LANGUAGES

if TYPE_CHECKING:
    from bot.render.compose import Composer
    from bot.render.lint import Finding
    from bot.settings.reading import Settings


def examine(configured: "Settings", composer: "Composer") -> "list[Finding]":
    """Return what is wrong with the templates of the languages that are offered, and with the words around values."""
    from bot.render import lint, lint_language_words

    codes = {*configured.organisation.languages, ENGLISH}
    findings = lint.examine_all(composer, codes)
    for language in sorted(codes):
        findings += lint_language_words.examine(configured.template_directories, language)
    return [*findings, *_of_letters(configured), *_of_pictures(configured)]


def _of_letters(configured: "Settings") -> "Iterator[Finding]":
    from bot.render.drafts import error
    from bot.render.front_matter import BadTemplate
    from bot.render.letters import LAYOUT, Letterhead
    from bot.render.lint import Finding

    try:
        Letterhead(configured.template_directories).letter("<p>It can be written.</p>", "A letter")
    except BadTemplate as fault:
        yield Finding(str(LAYOUT), "L4", *error(f"It cannot be used: {fault}"))


def _of_pictures(configured: "Settings") -> "Iterator[Finding]":
    from bot.render import pictures
    from bot.render.drafts import error
    from bot.render.lint import Finding

    for fault in pictures.faults(configured.template_directories):
        yield Finding(pictures.FOLDER, "L6", *error(fault))


def lines(configured: "Settings", composer: "Composer") -> Iterator[str]:
    """Yield for each language that is offered besides English what there is of it, and what nobody has checked."""
    if set(configured.organisation.languages) == {ENGLISH}:
        others = ", ".join(sorted({language for _, language in composer.names()} - {ENGLISH}))
        yield f"Languages: English alone; languages in [organisation] offers others, of which there are {others}."
    for language in configured.organisation.languages:
        if language != ENGLISH:
            yield _of_language(configured, composer, language)


def _of_language(configured: "Settings", composer: "Composer", language: str) -> str:
    from bot.render.samples import SORTS, Sort

    names = composer.names()
    to_people = [name for name, sort in SORTS.items() if sort is not Sort.STAFF and (name, ENGLISH) in names]
    translations = [name for name in to_people if (name, language) in names]
    missing = sorted(set(to_people) - set(translations))
    stale = _stale(configured, composer, translations, language)
    sentences = (
        f"{LANGUAGES[language].english_name}: {_checks(configured, composer, translations, language)}.",
        f"In English only: {', '.join(missing)}." if missing else "",
        f"The English is your own, the translation is not: {', '.join(stale)}." if stale else "",
    )
    return " ".join(sentence for sentence in sentences if sentence)


def _stale(configured: "Settings", composer: "Composer", names: list[str], language: str) -> list[str]:
    """Return the messages whose English the organisation words itself, and whose translation is still the packaged."""
    from bot.render.compose import Composer

    packaged = Composer(configured.template_directories[-1:], composer.constants)
    return [
        name
        for name in names
        if composer.source(name, ENGLISH) != packaged.source(name, ENGLISH)
        and (name, language) in packaged.names()
        and composer.source(name, language) == packaged.source(name, language)
    ]


def _checks(configured: "Settings", composer: "Composer", names: list[str], language: str) -> str:
    """Return how many messages there are, which of them nobody has checked, and what follows from it.

    Each needs the words for dates and counts, too.
    """
    from bot.render.language_words import FILE

    unchecked = [name for name in (*names, FILE) if not _is_checked(composer, name, language)]
    count = f"{len(names)} message{'' if len(names) == 1 else 's'}"
    if not unchecked:
        return f"{count}, all checked" if names else "no messages"
    gap = (
        "none checked by anybody" if set(names) < set(unchecked) else f"not checked by anybody: {', '.join(unchecked)}"
    )
    if configured.organisation.only_checked_translations:
        return f"{count}, {gap}; what is not checked leaves in English (only_checked_translations)"
    return f"{count}, {gap}; set checked_by and checked_on in each, or only_checked_translations = true"


def _is_checked(composer: "Composer", name: str, language: str) -> bool:
    from bot.render.front_matter import BadTemplate
    from bot.render.language_words import FILE

    try:
        if name == FILE:
            return composer.language_words(language).is_checked
        return composer.checked(name, language) is not None
    except BadTemplate:
        return False
