"""English sentences of public pages that stand in the program, marked for translators.

A template translates what it writes itself. What it is handed, such as the fault of a field, is such a sentence: it is
its English text, and remembers the text with its gaps, which is what catalogues of translations go by.
"""

from collections.abc import Mapping


class PageSentence(str):
    """A sentence in English; `pattern` is the same with gaps such as `%(limit)s`, and `values` fills them."""

    __slots__ = ("pattern", "values")
    pattern: str
    values: Mapping[str, object]

    def in_words(self, pattern: str) -> str:
        """Return the same in the words of another language."""
        return pattern % self.values if self.values else pattern


def sentence(pattern: str, **values: object) -> PageSentence:
    """Return the sentence with its gaps filled; a test looks up every call of this function in the catalogues."""
    words = PageSentence(pattern % values if values else pattern)
    words.pattern, words.values = pattern, values
    return words
