"""What `ackbot check` says of the messages in the languages that are offered."""

from typing import TYPE_CHECKING

from bot.core.languages import ENGLISH

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
    return findings
