"""A bucket empties with use and fills with time, each key for itself."""

from bot.web.throttling import Throttle


def test_so_many_at_once_and_again_over_time() -> None:
    """Three at once; the fourth waits until a third of the time has passed."""
    throttle = Throttle(3, 30)
    assert [throttle.ask("a", 0.0).is_allowed for _ in range(4)] == [True, True, True, False]
    assert throttle.ask("b", 0.0).is_allowed
    assert not throttle.ask("a", 9.0).is_allowed
    assert throttle.ask("a", 10.0).is_allowed
    assert not throttle.ask("a", 10.0).is_allowed


def test_looking_uses_nothing() -> None:
    """Asking with a count of nothing says whether the next one would be allowed."""
    throttle = Throttle(1, 60)
    assert throttle.ask("a", 0.0, count=0).is_allowed
    assert throttle.ask("a", 0.0).is_allowed
    assert not throttle.ask("a", 0.0, count=0).is_allowed
    throttle.forget("a")
    assert throttle.ask("a", 0.0, count=0).is_allowed


def test_the_figures_say_how_long_to_wait() -> None:
    """What is left, and when all of it is left again."""
    throttle = Throttle(10, 100)
    *_, figures = (throttle.ask("a", 0.0) for _ in range(4))
    assert (figures.limit, figures.remaining, figures.full_in_seconds) == (10, 6, 41)


def test_memory_has_an_end() -> None:
    """However many strangers come, only the latest are remembered."""
    throttle = Throttle(1, 1e9)
    for number in range(10_050):
        throttle.ask(str(number), 0.0)
    assert throttle.ask("0", 0.0, count=0).is_allowed
    assert not throttle.ask("10049", 0.0, count=0).is_allowed
