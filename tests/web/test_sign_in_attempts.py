"""Wrong passwords close an address, never a place."""

from bot.web.console.sign_in_attempts import TRIES, TRIES_OF_A_PLACE, SignInAttempts

PROXY = "10.0.0.1"


def _spray(tries: SignInAttempts, count: int = TRIES_OF_A_PLACE) -> None:
    """As many wrong ones at addresses that are made up."""
    for number in range(count):
        tries.wrong(f"{number}@made.up.example", PROXY, 0.0, has_account=False)


def test_a_stranger_keeps_nobody_out() -> None:
    """Whatever was tried from the same place, an address for which nobody tried may be."""
    tries = SignInAttempts()
    _spray(tries, 2 * TRIES_OF_A_PLACE)
    assert tries.is_slow(PROXY, 0.0)
    assert tries.may_try("ada@example.gov.uk", 0.0, has_account=True)
    assert tries.may_try("new@made.up.example", 0.0, has_account=False)


def test_who_tries_many_addresses_has_fewer_tries_at_each() -> None:
    """From a slow place two wrong ones close an address, whether it has an account or not."""
    tries = SignInAttempts()
    for has_account in (True, False):
        address = f"{has_account}@example.gov.uk"
        answers = [tries.may_try(address, 0.0, has_account=has_account)]
        for _ in range(TRIES):
            tries.wrong(address, "at home", 0.0, has_account=has_account)
            answers.append(tries.may_try(address, 0.0, has_account=has_account))
        assert answers == [True] * TRIES + [False]
    _spray(tries)
    for has_account in (True, False):
        address = f"slow.{has_account}@example.gov.uk"
        tries.wrong(address, PROXY, 0.0, has_account=has_account)
        assert tries.may_try(address, 0.0, has_account=has_account)
        tries.wrong(address, PROXY, 0.0, has_account=has_account)
        assert not tries.may_try(address, 0.0, has_account=has_account)


def test_made_up_addresses_push_no_account_out_of_memory() -> None:
    """An address that is closed stays closed, however many others are tried."""
    tries = SignInAttempts()
    for _ in range(TRIES):
        tries.wrong("ada@example.gov.uk", PROXY, 0.0, has_account=True)
    _spray(tries, 10_100)
    assert not tries.may_try("ada@example.gov.uk", 0.0, has_account=True)


def test_the_right_one_forgets_the_wrong_ones() -> None:
    """Whoever is in may mistype again."""
    tries = SignInAttempts()
    for _ in range(TRIES):
        tries.wrong("ada@example.gov.uk", PROXY, 0.0, has_account=True)
    tries.right("ada@example.gov.uk")
    assert tries.may_try("ada@example.gov.uk", 0.0, has_account=True)
