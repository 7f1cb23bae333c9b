"""The lint of saved answers: those rules of messages that hold for what a person sends, too."""

from collections.abc import Callable, Iterator
from functools import lru_cache

from bot.render import lint_pages, lint_words
from bot.render.answers import PLACEHOLDERS, SavedAnswer, faults, fill
from bot.render.compose import Composer, Rendered
from bot.render.drafts import Draft, Remark, error, host_of
from bot.render.lint import Finding
from bot.render.markdown import Markdown
from bot.render.samples import SAMPLES, Sort

# By number; the second knows only English. What a person decides (a date, a stage of a complaint) is theirs to say.
_RULES: tuple[tuple[str, Callable[[Draft], Iterator[Remark]], bool], ...] = (
    ("L5", lint_pages.links_are_good, False),
    ("L9", lint_words.it_is_easy_to_read, True),
    ("L10", lint_words.words_are_plain, True),
    ("L14", lint_words.people_may_answer, True),
)


def examine(composer: Composer, answer: SavedAnswer) -> list[Finding]:
    """Return the findings of one saved answer, in the order of the rules."""
    where = f"answers/{answer.name}.md"
    if reasons := list(faults(answer)):
        return [Finding(where, "L4", *error(f"It cannot be used: {reason}.")) for reason in reasons]
    draft = _draft(composer, answer)
    findings = (
        Finding(where, number, *remark)
        for number, question, is_english in _RULES
        if answer.language == "en" or not is_english
        for remark in question(draft)
    )
    return list(dict.fromkeys(findings))


def sample_words(composer: Composer, answer: SavedAnswer) -> str:
    """Return the words as they stand in the box of an invented contact."""
    return fill(answer.words, _values(composer))


def _values(composer: Composer) -> dict[str, str]:
    values = {**SAMPLES["acknowledgement"], "name": "Sam Reed", "officer": "Jo Ellis", **composer.constants}
    return {name: str(values[name]) for name in PLACEHOLDERS}


def _draft(composer: Composer, answer: SavedAnswer) -> Draft:
    values, words = _values(composer), sample_words(composer, answer)
    own = fill(answer.words, dict.fromkeys(values, "X"))
    _, page = _markdown().render(words)
    sites = (host_of(composer.constants.get(key, "")) for key in ("website", "site"))
    sites_of_pages = (host_of(values["service_page"]),)
    return Draft(
        name=answer.name,
        language=answer.language,
        sort=Sort.LETTER,
        faults=(),
        placeholders=answer.placeholders(),
        constants=composer.constants,
        hosts=composer.hosts | {site for site in (*sites, *sites_of_pages) if site},
        languages=frozenset({answer.language}),
        layout="",
        samples={"ordinary": Rendered(values, "", words, page, "", own, 0)},
    )


@lru_cache(maxsize=1)
def _markdown() -> Markdown:
    return Markdown()
