"""Whom a note names, and what is no name."""

import pytest

from bot.core.mentions import MOST, Colleague, mentions_in

ANN = Colleague("ann.smith@example.gov.uk", "Ann Smith")
ANNA = Colleague("anna@example.gov.uk", "Anna Lee")
OTHER_LEE = Colleague("lee@example.gov.uk", "Lee Brown")
SAME_FIRST = Colleague("a.jones@example.gov.uk", "Ann Jones")
ZOE = Colleague("zoe@example.gov.uk", "Zoë O'Hara-Müller")
PEOPLE = (ANN, ANNA, OTHER_LEE, ZOE)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("@Ann Smith, please call.", (ANN,)),
        ("Please, @ann.smith.", (ANN,)),
        ("@ANN.SMITH@example.gov.uk: see this", (ANN,)),
        ("It is @Ann's, and (@anna) knows.", (ANN, ANNA)),
        ("@ann @Ann Smith @ann.smith", (ANN,)),
        ("@zoë o'hara-müller knows", (ZOE,)),
        ("line\n@lee", (OTHER_LEE,)),
        ("She wrote from sam@residents.example at 5 @ noon, a@@ b", ()),
        ("nobody", ()),
        ("@", ()),
    ],
)
def test_a_colleague_is_named_by_address_name_or_first_name(words: str, expected: tuple[Colleague, ...]) -> None:
    """In capitals or not, once however often; an @ within an address names nobody."""
    mentions = mentions_in(words, PEOPLE)
    assert mentions.unclear == ()
    assert mentions.addresses == tuple(colleague.address for colleague in expected)


@pytest.mark.parametrize(
    ("words", "word", "alike"),
    [
        ("@ann.smyth knows", "ann.smyth", ANN),
        ("@anne", "anne", ANN),
        ("@ann.smith@residents.example", "ann.smith@residents.example", ANN),
    ],
)
def test_a_name_of_nobody_is_unclear_with_who_may_be_meant(words: str, word: str, alike: Colleague) -> None:
    """A slip of the keyboard does not leave a note unread."""
    ((typed, people),) = mentions_in(words, PEOPLE).unclear
    assert typed == word
    assert alike in people


def test_a_name_like_nobodys_has_no_suggestion() -> None:
    """A handle on a platform, for instance."""
    assert mentions_in("@xqzzyw wrote it", PEOPLE).unclear == (("xqzzyw", ()),)
    assert mentions_in("@ann", ()).unclear == (("ann", ()),)


def test_a_first_name_of_two_is_unclear() -> None:
    """Both may be meant; the full name is one person's."""
    mentions = mentions_in("@ann, and @ann jones", (*PEOPLE, SAME_FIRST))
    assert mentions.unclear == (("ann", (ANN, SAME_FIRST)),)
    assert mentions.addresses == (SAME_FIRST.address,)


def test_no_more_are_looked_at_than_may_be_named() -> None:
    """And one more, so that too many are refused; the rest takes no time."""
    many = tuple(Colleague(f"n{number}@example.gov.uk", "") for number in range(100))
    mentions = mentions_in(" ".join(f"@n{number}" for number in range(100)), many)
    assert len(mentions.addresses) == MOST + 1
