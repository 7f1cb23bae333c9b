"""Reference numbers: one to one, readable aloud, found again, and proof against a slip."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import threads
from bot.core.threads import ALPHABET, CAPACITY, reference_of, references_in, scrambled

# A store from before there were keys has none.
KEYS = st.sampled_from((b"", b"k" * 32))
KNOWN = ["EX-6CQF-K3W7", "EX-77PF-9PGH", "EX-5QX7-2WTK"]
KNOWN_WITHOUT_KEY = "EX-MJ8X-36PX"
NUMBERS = st.integers(min_value=1, max_value=CAPACITY - 1)


@pytest.mark.parametrize("key", [b"", b"k" * 32])
def test_neighbours_do_not_look_alike(key: bytes) -> None:
    """The first ten thousand references are all different and do not count up."""
    references = [reference_of(number, "EX", key) for number in range(1, 10_001)]
    assert len(set(references)) == len(references)
    assert references[:3] != sorted(references[:3]) or references[0][:4] != references[1][:4]


def test_no_two_numbers_share_a_reference() -> None:
    """With halves of a few numbers the scrambling is tried on every number there is: it only changes their order."""
    for halves in ((5, 7), (4, 2), (1, 3)):
        count = halves[0] * halves[1]
        assert sorted(scrambled(number, b"k" * 32, halves) for number in range(count)) == [*range(count)]


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_another_key_makes_other_references(key: bytes, other: bytes) -> None:
    """The first reference of one council is not the first of another."""
    first = [[reference_of(number, "EX", k) for number in range(1, 5)] for k in (key, other)]
    assert (first[0] == first[1]) is (key == other)


def test_references_of_a_key_never_change() -> None:
    """Whoever has been given one must be found by it, whatever version of the program runs."""
    assert [reference_of(number, "EX", b"k" * 32) for number in (1, 2, CAPACITY - 1)] == KNOWN
    assert reference_of(1, "EX") == KNOWN_WITHOUT_KEY


def test_alphabet_has_no_look_alikes() -> None:
    """No vowel, and never both letters of a pair that is confused when read or heard."""
    assert not set("AEIOU01") & set(ALPHABET)
    for first, second in ("2Z", "5S", "8B", "UV", "MN", "DT"):
        assert not {first, second} <= set(ALPHABET)


@given(NUMBERS, KEYS)
def test_found_again_in_free_text(number: int, key: bytes) -> None:
    """Whatever a person does to case, spaces and hyphens, the reference is found."""
    references = reference_of(number, "EX", key)
    assert references_in(f"my ref is {references.lower()}, thanks", "EX") == [references]
    assert references_in(f"ref: {references.replace('-', ' ')}.", "EX") == [references]
    assert references_in(f"({references.replace('-', '')})", "EX") == [references]


@given(NUMBERS, st.integers(0, 7), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(number: int, place: int, wrong: str) -> None:
    """A reference with one character changed is not a reference."""
    made = reference_of(number, "EX")
    body = list(made[3:].replace("-", ""))
    if body[place] == wrong:
        return
    body[place] = wrong
    assert references_in(f"EX-{''.join(body[:4])}-{''.join(body[4:])}", "EX") == []


@given(NUMBERS, st.integers(0, 6))
def test_swapped_neighbours_are_noticed(number: int, place: int) -> None:
    """Two neighbouring characters in the wrong order are not a reference."""
    body = list(reference_of(number, "EX")[3:].replace("-", ""))
    if body[place] == body[place + 1]:
        return
    body[place], body[place + 1] = body[place + 1], body[place]
    assert references_in("EX-" + "".join(body), "EX") == []


def test_usual_slips_are_put_right() -> None:
    """S for 5, Z for 2, B for 8: what was misheard is corrected, because the check character then agrees."""
    made = next(r for r in (reference_of(n, "EX") for n in range(1, 500)) if "5" in r and "2" in r)
    assert references_in(made.replace("5", "S").replace("2", "Z"), "EX") == [made]


def test_other_words_are_not_references() -> None:
    """Ordinary text with the prefix in it holds no reference."""
    assert references_in("EX-PARTE hearing, EXAMPLE 12345678, flex-2222-3333", "EX") == []


@pytest.mark.parametrize("number", [0, -1, CAPACITY])
def test_numbers_outside_are_refused(number: int) -> None:
    """There is no reference for a number that could not be told from another."""
    with pytest.raises(ValueError, match="outside"):
        threads.reference_of(number, "EX")
