"""What a receipt says of a service: one paragraph of plain words within the general receipt, and its lint.

It is a value, so it can be no heading, link or condition, and the rules of the receipt around it hold whatever it says.
"""

from collections.abc import Callable, Iterator

from bot.core.topics import MOST_RECEIPT_TEXT, MOST_RECEIPT_WORDS
from bot.render import lint_words
from bot.render.compose import Rendered
from bot.render.drafts import Draft, Remark, error
from bot.render.lint import Finding
from bot.render.samples import Sort

_RULES: tuple[tuple[str, Callable[[Draft], Iterator[Remark]]], ...] = (
    ("L3", lint_words.dates_are_honest),
    ("L9", lint_words.it_is_easy_to_read),
    ("L10", lint_words.words_are_plain),
    ("L14", lint_words.people_may_answer),
    ("L17", lint_words.no_other_clock_is_started),
)


def examine(name: str, words: str, text: str) -> list[Finding]:
    """Return the findings of what receipts say of a service: `words` in a mail, `text` in a short text."""
    findings: list[Finding] = []
    limits = {"receipt_words": (words, MOST_RECEIPT_WORDS), "receipt_text": (text, MOST_RECEIPT_TEXT)}
    for key, (content, most) in limits.items():
        where = f"services.toml, {name}, {key}"
        if len(content) > most:
            remark = error(f"It has {len(content)} characters; at most {most} are allowed: make it shorter.")
            findings.append(Finding(where, "L7", *remark))
        if any(mark in content for mark in ("{{", "{%", "((")):
            findings.append(Finding(where, "L4", *error("It has words only, and no placeholders.")))
        findings += _of_rules(where, name, content) if content else []
    return list(dict.fromkeys(findings))


def _of_rules(where: str, name: str, content: str) -> Iterator[Finding]:
    sample = Rendered({}, "", content, "", "", content, 0)
    draft = Draft(
        name=name,
        language="en",
        sort=Sort.LETTER,
        faults=(),
        placeholders=frozenset(),
        constants={},
        hosts=frozenset(),
        languages=frozenset({"en"}),
        layout="",
        samples={"ordinary": sample},
    )
    for number, question in _RULES:
        yield from (Finding(where, number, *remark) for remark in question(draft))
