"""A link in an alert names one contact, cannot be made by anybody else, and ends."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import links
from bot.core.links import Link

NOW = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)


def test_what_was_signed_is_read() -> None:
    """By whoever has the secret, and by nobody else."""
    token = links.token(7, 12, NOW, b"secret")
    assert links.read(token, b"secret") == Link(7, 12, NOW)
    assert links.read(token, b"another") is None
    assert links.read(token, b"") is None


@pytest.mark.parametrize("number", range(4))
def test_no_part_can_be_changed(number: int) -> None:
    """Neither the delivery, the contact, the end nor the code."""
    parts = links.token(7, 12, NOW, b"secret").split(".")
    parts[number] = parts[number][:-1] + ("1" if parts[number][-1] != "1" else "2")
    assert links.read(".".join(parts), b"secret") is None


@given(st.text(st.characters(exclude_categories=()), max_size=80))
def test_anything_else_is_no_link(text: str) -> None:
    """And no error, even half a character."""
    assert links.read(text, b"secret") is None
