"""The catalogues of the public pages: every sentence in every language, with all that English has in it."""

import ast
from pathlib import Path

import pytest

from bot.core.languages import ENGLISH, LANGUAGES
from bot.core.page_sentences import sentence
from bot.render import page_sentences
from bot.render.catalogues import Catalogues, entries, fault
from tests.architecture.house import ROOT, sources

OTHERS = [code for code in LANGUAGES if code != ENGLISH]
PACKAGED = (ROOT / "templates",)


def of_program() -> dict[str, str]:
    """Each sentence that the program marks for the pages, with its file."""
    return {
        node.args[0].value: source.name
        for source in sources("bot", "channels")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "sentence"
        if node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    }


@pytest.mark.parametrize("code", OTHERS)
def test_every_translation_has_the_gaps_and_marks_of_english(code: str) -> None:
    """Whatever lost one is not shown."""
    assert Catalogues(PACKAGED).faults(code) == []


@pytest.fixture(scope="module")
def sentences() -> dict[str, str]:
    """Every sentence of the pages, with the file that says it."""
    return page_sentences.of_templates(PACKAGED) | of_program()


@pytest.mark.parametrize("code", OTHERS)
def test_every_sentence_of_the_pages_is_translated(sentences: dict[str, str], code: str) -> None:
    """Of every template and of the program; and no catalogue has a sentence that no page says any more."""
    words = entries(PACKAGED[0] / "pages" / "locale" / f"{code}.po")
    assert sorted(set(sentences) - set(words)) == []
    assert sorted(set(words) - set(sentences)) == []


def test_every_sentence_of_the_program_is_a_text_that_can_be_looked_up() -> None:
    """No call of `sentence` is handed words that only the running program knows."""
    calls = [
        node
        for source in sources("bot", "channels")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "sentence"
    ]
    assert calls
    assert all(isinstance(call.args[0], ast.Constant) for call in calls)


@pytest.mark.parametrize(
    ("english", "translation", "is_good"),
    [
        ("By %(day)s", "%(day)s", True),
        ("By %(day)s", "Dydd", False),
        ("By %(day)s", "%(day)s, 100 %%", True),
        ("By %(day)s", "%(day)s, 100 % o", False),
        ("100 %", "100 %", True),
        ("Call <strong>999</strong>", "<strong>999</strong>", True),
        ("Call <strong>999</strong>", "999", False),
        ("Call 999", '<a href="https://evil.example">999</a>', False),
    ],
)
def test_a_translation_that_would_break_a_page_is_not_used(english: str, translation: str, *, is_good: bool) -> None:
    """A gap that is lost, a percent sign that Python would read, a mark that English has not."""
    assert (fault(english, translation) == "") is is_good


def test_a_catalogue_in_another_encoding_breaks_no_page(tmp_path: Path) -> None:
    """What cannot be read stays English, and is reported."""
    folder = tmp_path / "pages" / "locale"
    folder.mkdir(parents=True)
    content = 'msgid "Phone number"\nmsgstr "Ffôn"\n\nmsgid "Email address"\nmsgstr "Ebost"\n'
    (folder / "cy.po").write_text(content, encoding="latin-1")
    catalogues = Catalogues((tmp_path,))
    assert catalogues.translate("Phone number", "cy") == "Phone number"
    assert catalogues.translate("Email address", "cy") == "Ebost"
    assert catalogues.faults("cy") == ["'Phone number': it has a letter that is not in UTF-8"]


def test_an_own_catalogue_comes_before_ours_sentence_by_sentence(tmp_path: Path) -> None:
    """It may hold one sentence alone; what is marked as fuzzy waits for its translator."""
    folder = tmp_path / "pages" / "locale"
    folder.mkdir(parents=True)
    (folder / "cy.po").write_text(
        'msgid ""\nmsgstr "Language: cy\\n"\n\nmsgid "Phone number"\nmsgstr "Ffôn"\n\n'
        '#, fuzzy\nmsgid "Send message"\nmsgstr "Wrth aros"\n',
        encoding="utf-8",
    )
    catalogues, ours = Catalogues((tmp_path, *PACKAGED)), Catalogues(PACKAGED)
    assert catalogues.translate("Phone number", "cy") == "Ffôn"
    assert catalogues.translate("Send message", "cy") == ours.translate("Send message", "cy") != "Wrth aros"
    assert catalogues.translate(sentence("Nobody says this: %(n)s", n=3), "cy") == "Nobody says this: 3"
