"""Numbers of a report in words, as a person reads them and a screen reader says them."""

from typing import Any

import pytest

from bot.render import report_words
from bot.render.report_words import Verdict
from tests.publications import row


@pytest.mark.parametrize(
    ("values", "name", "words"),
    [
        ({"received": 12_345}, "received", "12,345"),
        ({"received": "<5"}, "received", "fewer than 5"),
        ({"received": ""}, "received", "not shown"),
        ({"missed_by_cause": ""}, "missed_by_cause", "none"),
        ({"resp_due": 10, "resp_pct": 90.1}, "resp_pct", "90.1 %"),
        ({"resp_due": 10, "resp_pct": 100.0}, "resp_pct", "100 %"),
        ({"resp_due": 0, "resp_pct": ""}, "resp_pct", "none"),
        ({"resp_due": 7, "resp_pct": ""}, "resp_pct", "not shown"),
        ({"received": 40, "median_resp_wd": 4.0}, "median_resp_wd", "4 working days"),
        ({"received": 40, "median_resp_wd": 1.0}, "median_resp_wd", "1 working day"),
        ({"received": 0, "median_resp_wd": ""}, "median_resp_wd", "none"),
    ],
)
def test_a_number_is_said_in_words(values: dict[str, Any], name: str, words: str) -> None:
    """Small and hidden ones too, and what there is none of."""
    assert report_words.in_words(row(**values), name) == words


def test_a_time_that_can_only_be_longer_says_so() -> None:
    """Instead of a sign that is read aloud as something else."""
    assert report_words.in_words(row(at_least=("p90_resp_wd",), p90_resp_wd=9.5), "p90_resp_wd") == (
        "at least 9.5 working days"
    )


@pytest.mark.parametrize(
    ("share", "words"),
    [(90.1, "90 in 100"), (99.9, "99 in 100"), (100.0, "100 in 100"), (0.2, "1 in 100"), (0.0, "0 in 100")],
)
def test_nothing_but_all_is_a_hundred(share: float, words: str) -> None:
    """A promise that was missed once is never rounded to one that was kept."""
    assert report_words.in_hundred(share) == words


@pytest.mark.parametrize(
    ("now", "earlier", "words"),
    [
        (90.1, 87.0, "now it is 3 in 100 more"),
        (87.0, 90.0, "now it is 3 in 100 fewer"),
        (90.0, 90.0, "the same"),
        (90.2, 90.0, "about the same"),
        (97.3, 95.5, "now it is 1 in 100 more"),
        ("", 90.0, ""),
        (90.0, "", ""),
    ],
)
def test_a_change_is_said_only_where_both_are_shown(now: Any, earlier: Any, words: str) -> None:
    """Of two shares."""
    assert report_words.change(row(resp_pct=now), row(resp_pct=earlier), "resp_pct") == words
    assert report_words.change(row(resp_pct=now), None, "resp_pct") == ""


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ({"ack_due": 9, "ack_in_standard": 9, "resp_due": 9, "resp_missed": 0}, Verdict.KEPT),
        ({"ack_due": 9, "ack_in_standard": 8, "resp_due": 9, "resp_missed": 0}, Verdict.MISSED),
        ({"resp_due": 9, "resp_missed": "<5"}, Verdict.MISSED),
        ({"resp_due": 9, "resp_missed": ""}, Verdict.UNCLEAR),
        ({"ack_due": 9, "ack_in_standard": "", "resp_due": 9, "resp_missed": 0}, Verdict.UNCLEAR),
        ({"ack_due": 9, "ack_in_standard": "", "resp_due": 9, "resp_missed": 7}, Verdict.MISSED),
        ({"ack_due": "<5", "ack_in_standard": "", "resp_due": 0}, Verdict.UNCLEAR),
        ({}, Verdict.NOTHING_DUE),
    ],
)
def test_a_promise_is_called_missed_whenever_that_may_be_said(values: dict[str, Any], verdict: Verdict) -> None:
    """One that was not always kept is never called kept, and what is hidden is called neither."""
    assert report_words.verdict(row(**values)) is verdict


def test_reasons_are_read_with_what_is_not_shown() -> None:
    """In their order; nothing of an empty one."""
    line = row(missed_by_cause="absence=<5; none=; volume=50")
    assert report_words.reasons(line, "missed_by_cause") == [("absence", "<5"), ("none", ""), ("volume", 50)]
    assert report_words.reasons(row(), "missed_by_cause") == []
