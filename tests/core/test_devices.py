"""The cookie of a device is for one account, lasts half a year, and cannot be made by anybody else."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core import devices

KEY, NOW = b"k" * 32, datetime(2026, 11, 30, 9, 15, tzinfo=UTC)
ADA, OLU = "ada@example.gov.uk", "olu@example.gov.uk"


def test_a_device_is_known_for_its_account_alone() -> None:
    """Several people may use one browser, each with an entry of their own."""
    cookie = devices.with_entry("", devices.entry(KEY, ADA, "d1", NOW), "")
    assert devices.device_of(KEY, cookie, ADA, NOW) == "d1"
    assert devices.device_of(KEY, cookie, OLU, NOW) == ""
    cookie = devices.with_entry(cookie, devices.entry(KEY, OLU, "d2", NOW), "")
    assert [devices.device_of(KEY, cookie, who, NOW) for who in (ADA, OLU)] == ["d1", "d2"]


def test_a_device_is_forgotten_after_half_a_year_without_signing_in() -> None:
    """Each time makes its entry anew, in place of the old one."""
    cookie = devices.entry(KEY, ADA, "d1", NOW)
    later = NOW + devices.LASTS
    assert devices.device_of(KEY, cookie, ADA, later) == "d1"
    assert devices.device_of(KEY, cookie, ADA, later + timedelta(days=1)) == ""
    cookie = devices.with_entry(cookie, devices.entry(KEY, ADA, "d1", later), "d1")
    assert devices.device_of(KEY, cookie, ADA, later + timedelta(days=1)) == "d1"
    assert cookie.count("d1~") == 1


def test_a_browser_keeps_the_newest_few() -> None:
    """So that its header stays short, however many people use it."""
    cookie = ""
    for number in range(30):
        cookie = devices.with_entry(cookie, devices.entry(KEY, f"{number}@example.gov.uk", "d" * 43, NOW), "")
    recognitions = [bool(devices.device_of(KEY, cookie, f"{number}@example.gov.uk", NOW)) for number in range(30)]
    assert recognitions == [False] * 20 + [True] * 10
    assert len(cookie) < 1_000


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        "d1",
        "d1~1~2~3",
        "d1~~",
        "d1~\u0661~x",
        "d1~-1~x",
        "~" * 5_000,
        "." * 5_000,
        "d1~" + "9" * 5_000 + "~x",
        devices.entry(b"another key", ADA, "d1", NOW),
        devices.entry(KEY, ADA, "d1", NOW).replace("d1", "d2"),
        devices.entry(KEY, ADA, "d1", NOW) + "0",
        "d1~\udcff~x",
    ],
)
def test_what_we_did_not_sign_is_no_device(cookie: str) -> None:
    """Whatever a browser brings, it never raises."""
    assert devices.device_of(KEY, cookie, ADA, NOW) == ""
    assert devices.device_of(KEY, cookie, "\udcff\0", NOW) == ""
