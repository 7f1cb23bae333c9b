"""What the page on data protection says of the store is what the register and the settings say."""

from tests.architecture.register_page import PAGE, page


def test_the_page_is_drawn_from_the_register_and_the_settings() -> None:
    """Every line of the tables; after a change of either: make register."""
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text, "docs/data-protection.md is not what the register says: make register"
