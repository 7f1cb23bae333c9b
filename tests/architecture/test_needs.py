"""A machine that lacks a server cannot pretend that its tests have passed."""

import pytest

from tests.conftest import Needs


def test_what_is_missing_is_reported_as_not_run(needs: Needs, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a developer's machine a missing server costs its own tests only, and the report says which server."""
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-server is not installed"):
        needs("no-such-server")


def test_what_is_missing_fails_where_it_counts(needs: Needs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under CI=true a missing server fails the tests that need it."""
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no-such-server is not installed"):
        needs("no-such-server")
