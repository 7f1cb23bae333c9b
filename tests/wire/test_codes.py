"""Codes of an app as RFC 6238 has them, and recovery codes however somebody types them."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from bot.wire import codes

# RFC 6238 appendix B, for SHA-1; of the eight digits there an app shows the last six.
SECRET = base64.b32encode(b"12345678901234567890").decode()
VECTORS = {1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"}
KEY = b"k" * 32


def _at(seconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


@pytest.mark.parametrize("seconds", VECTORS)
def test_a_code_is_as_the_standard_has_it(seconds: int) -> None:
    """With spaces as apps show it, too; also half a minute early or late, and no longer."""
    code, step = VECTORS[seconds], seconds // 30
    assert codes.step_of(SECRET, code, _at(seconds)) == step
    assert codes.step_of(SECRET, f" {code[:3]} {code[3:]} ", _at(seconds + 30)) == step
    assert codes.step_of(SECRET, code, _at(seconds - 30)) == step
    assert codes.step_of(SECRET, code, _at(seconds + 60)) is None
    assert codes.step_of(SECRET, code, _at(seconds - 60)) is None


@pytest.mark.parametrize("code", ["", "28708", "2870822", "28708a", "\u0662\u0668\u0667\u0660\u0668\u0662", "-87082"])
def test_what_is_no_code_is_never_right(code: str) -> None:
    """Whatever is typed, and whatever secret a form brings."""
    assert codes.step_of(SECRET, code, _at(59)) is None
    for secret in ("", "x", SECRET.lower(), SECRET + "A", "\udcff" * 32):
        assert codes.step_of(secret, "287082", _at(59)) is None


def test_a_secret_is_stored_encrypted() -> None:
    """Under another key it is not read, and nothing raises."""
    secret = codes.new_secret()
    assert codes.is_secret(secret)
    sealed = codes.seal(secret, KEY)
    assert secret not in sealed
    assert codes.unseal(sealed, KEY) == secret
    assert codes.unseal(sealed, b"x" * 32) == codes.unseal("", KEY) == codes.unseal("rubbish", KEY) == ""


def test_a_recovery_code_may_be_typed_in_any_way() -> None:
    """Small letters, without dashes; no two are the same, and another key makes other digests."""
    new = codes.new_recovery_codes()
    assert len(set(new)) == codes.RECOVERY_CODES
    code = new[0]
    assert codes.recovery_digest(code, KEY) == codes.recovery_digest(f" {code.replace('-', ' ').lower()} ", KEY)
    assert codes.recovery_digest(code, KEY) != codes.recovery_digest(code, b"x" * 32)


def test_the_picture_is_drawn_without_anything_that_the_policy_forbids() -> None:
    """An image in the page: no style, no script, no address of anybody else."""
    picture = codes.picture(SECRET, "ada@example.gov.uk", "Exampleshire Council")
    assert picture.startswith("<svg")
    assert not any(word in picture for word in ("style=", "<script", "http", "href"))
