"""docs/figures.md says of each column what the report itself prints; without pytest, this writes it anew."""

from pathlib import Path

from bot.core.figure_words import WORDS
from bot.core.report_columns import COLUMNS

PAGE = Path(__file__).parents[2] / "docs" / "figures.md"
HEAD = "| column | counts |\n|---|---|\n"


def rows() -> str:
    """The table as it is to be."""
    return "".join(f"| `{column.name}` | {WORDS[column.name]} |\n" for column in COLUMNS)


def test_each_column_is_described_as_the_report_describes_it() -> None:
    """In its words and its order. `python -m tests.architecture.test_figures_page` writes the table."""
    assert f"{HEAD}{rows()}\n" in PAGE.read_text()


if __name__ == "__main__":
    before, _, after = PAGE.read_text().partition(HEAD)
    PAGE.write_text("\n".join((before + HEAD + rows(), after.partition("\n\n")[2])))
