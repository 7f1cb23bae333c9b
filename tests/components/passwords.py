"""Passwords that are hashed quickly: a real argon2id, with the library's parameters for tests.

The service's own take 0.1 s of two cores for each sign-in, and the suite signs in hundreds of times.
"""

from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST

from bot.wire import passwords


def hash_quickly() -> None:
    """From now on, in this process and in those that it forks."""
    passwords.HASHER = PasswordHasher.from_parameters(CHEAPEST)
