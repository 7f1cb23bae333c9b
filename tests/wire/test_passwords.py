"""What may be a password: not what is short, common, or known of whoever chooses it."""

import subprocess
import sys

import pytest
from argon2 import extract_parameters
from argon2.profiles import RFC_9106_LOW_MEMORY

from bot.wire import passwords

ABOUT = ("Exampleshire Council", "Olu Adeyemi", "olu.adeyemi@example.gov.uk")


@pytest.mark.parametrize(
    "password",
    [
        "password1",
        "Passw0rd!",
        "12345678",
        "qwertyuiop",
        "letmein2026",
        "Winter2026!",
        "liverpoolfc",
        "Exampleshire",
        "exampleshire2026",
        "Council2026!",
        "oluadeyemi1",
        "olu.adeyemi@example.gov.uk",
        "OluAdeyemi2026",
        "aaaaaaaaaaaa",
    ],
)
def test_what_is_easy_to_guess_is_refused(password: str) -> None:
    """Common ones, the organisation, the person and their address, with what people put behind them."""
    assert "easy to guess" in passwords.fault(password, ABOUT)


@pytest.mark.parametrize(
    "password",
    [
        "a long enough password",
        "kX9$mq2L",
        "\u6b63\u78ba\u99ac\u96fb\u6c60\u91d8\u6b63\u78ba",
        "Exampleshire grows purple tulips " * 30,
    ],
)
def test_what_takes_many_guesses_is_taken(password: str) -> None:
    """No kind of character is asked for (NIST SP 800-63B); up to a thousand of them are quickly looked at."""
    assert passwords.fault(password, ABOUT) == ""


def test_the_service_hashes_as_the_rfc_says() -> None:
    """In a process of its own: those of the tests hash quickly."""
    code = "from bot.wire.passwords import hashed; print(hashed('a long enough password'))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert extract_parameters(result.stdout.strip()) == RFC_9106_LOW_MEMORY


def test_length_is_told_first() -> None:
    """Fewer than eight, and more than a thousand."""
    assert "8 characters or more" in passwords.fault("kX9$mq2")
    assert "1000 characters or fewer" in passwords.fault("k" * 1_001)
