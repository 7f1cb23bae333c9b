"""Phrases are found however people write them, and nothing else is."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import phrases
from bot.core.phrases import Phrases, fold, words_of


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("gas leak", "There's a GAS-LEAK at number 4!"),
        ("gas leak", "gas\n  leak"),
        ("can't breathe", "I can\u2019t breathe"),
        ("homeless*", "we are homelessness cases"),
        ("smell ... gas", "I can smell a lot of gas"),
        ("smell ... gas", "smell gas"),
        ("nie mam gdzie spac", "Nie mam gdzie spać"),
        ("nie mam gdzie spać", "nie mam gdzie spac"),
        ("ulatnia się gaz", "Ulatnia sie gaz!"),
        ("گیس", "گيس لیک ہو رہی ہے"),
        ("گیس لیک", "وہاں گیس لیک ہے"),
        ("গ্যাস", "ঘরে গ্যাস।"),
        ("ਗੈਸ ਲੀਕ", "ਘਰ ਵਿੱਚ ਗੈਸ ਲੀਕ।"),
        ("бездомн*", "Ми бездомні"),
        ("*nwy", "mae arogl nwy"),
        ("fără adăpost", "suntem fara adapost"),
    ],
)
def test_what_is_meant_is_found(phrase: str, text: str) -> None:
    """Case, accents, keyboards and signs make no difference; the phrase is named as it was given."""
    assert Phrases([phrase]).find(words_of(text)) == phrase


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("gas", "Las Vegas gasping"),
        ("gas leak", "gas was off, no leak"),
        ("smell ... gas", "smell one two three four five six gas"),
        ("bin", "bins"),
        ("গ্যাস", "গ্যাসের"),
    ],
)
def test_what_is_not_meant_is_not(phrase: str, text: str) -> None:
    """Whole words, in their order, close together."""
    assert Phrases([phrase]).find(words_of(text)) is None


def test_without_phrases_nothing_is_found() -> None:
    """No phrase is no wildcard."""
    assert Phrases([]).find(words_of("anything")) is None


def test_folding_twice_changes_nothing() -> None:
    """What is fold stays so."""
    for text in ("Größe Łódź", "آپ کی گیس", "Ünïcödé  -  ſtraße", "গ্যাসের গন্ধ"):
        assert fold(fold(text)) == fold(text)


@given(
    st.text()
    | st.text(
        st.sampled_from(
            "aZ9 _'`\n-\u2019\u0301\u00e9\u0130\u03a3\u00bd\ufb01\u2026\u3099\u304b\u0643\u09cd\u0958\u1100\u1161\u212a"
        )
    )
)
def test_a_text_folded_in_pieces_is_folded_as_a_whole(text: str) -> None:
    """What stands between pieces of ASCII is folded apart, and nothing changes where they meet."""
    plain = unicodedata.normalize("NFKD", text.translate(phrases._SAME)).casefold()
    plain = unicodedata.normalize("NFC", phrases._MARKS.sub("", plain)).translate(phrases._SAME)
    assert fold(text) == " ".join(re.sub(r"[.\x02]", " ", phrases._NO_WORD.sub(" ", plain)).split())
