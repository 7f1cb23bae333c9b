"""What is counted in memory is forgotten when its time is over, and for nothing else."""

from bot.web.throttling import MOST_KEYS, Throttle


def test_each_key_has_a_bucket_of_its_own() -> None:
    """It empties with use and fills with time."""
    throttle = Throttle(3, 30)
    assert [throttle.ask("a", 0.0).is_allowed for _ in range(4)] == [True, True, True, False]
    assert throttle.ask("b", 0.0).is_allowed
    assert not throttle.ask("a", 9.0).is_allowed
    assert throttle.ask("a", 10.0).is_allowed


def test_looking_uses_nothing() -> None:
    """Asking with a count of nothing says whether the next one would be allowed."""
    throttle = Throttle(1, 60)
    assert throttle.ask("a", 0.0, count=0).is_allowed
    assert throttle.ask("a", 0.0).is_allowed
    assert not throttle.ask("a", 0.0, count=0).is_allowed


def test_a_flood_of_strangers_makes_nothing_forgotten() -> None:
    """However many come, who has used all of theirs waits until it is there again; memory has an end all the same."""
    throttle = Throttle(1, 1e6)
    assert throttle.ask("guesser", 0.0).is_allowed
    answers = [throttle.ask(f"made up {number}", 1.0).is_allowed for number in range(MOST_KEYS + 50_000)]
    assert not throttle.ask("guesser", 2.0, count=0).is_allowed
    assert all(answers[: MOST_KEYS - 1])
    # Those that no room was left for share a few buckets, and wait for one another.
    assert sum(answers) < MOST_KEYS + 2_000
    assert len(throttle._full_at) < MOST_KEYS + 2_000


def test_what_is_over_takes_no_memory() -> None:
    """A bucket that is full again is forgotten while others come."""
    throttle = Throttle(1, 60)
    for number in range(5_000):
        throttle.ask(str(number), 0.0)
    throttle.ask("later", 61.0)
    assert len(throttle._full_at) == 1
