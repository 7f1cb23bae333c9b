"""Every figure says what it counts."""

from bot.core.figure_words import WORDS
from bot.core.report_columns import COLUMNS


def test_every_column_has_its_sentence() -> None:
    """In the order of the columns, as sentences, and none for what is no column."""
    assert list(WORDS) == [column.name for column in COLUMNS]
    assert all(words.endswith(".") and words[0].isupper() for words in WORDS.values())
