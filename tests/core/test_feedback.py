"""Figures of what people say: none that could show who said what."""

from bot.core.feedback import Count, Opinion, figures


def test_of_fewer_than_ten_answers_there_are_no_figures() -> None:
    """How many were asked is said all the same."""
    few = figures([Count("", "", is_asked=True, number=90), Count("yes", "satisfied", is_asked=True, number=9)])
    assert few.is_suppressed
    assert (few.questions, few.replies, few.by_answer, few.by_satisfaction, few.rate) == (99, 9, (), (), None)


def test_the_rate_is_of_those_who_were_asked() -> None:
    """Who said something on the page without being asked counts among the answers alone."""
    many = figures(
        [
            Count("", "", is_asked=True, number=60),
            Count("yes", "very-satisfied", is_asked=True, number=20),
            Count("no", "", is_asked=True, number=20),
            Count("partly", "neither", is_asked=False, number=10),
        ]
    )
    assert (many.questions, many.replies, many.answers, many.rate) == (100, 40, 50, 40)
    assert dict(many.by_answer) == {Opinion.YES: 20, Opinion.PARTLY: 10, Opinion.NO: 20}
    assert sum(number for _, number in many.by_satisfaction) == 30


def test_where_nobody_was_asked_there_is_no_rate() -> None:
    """Answers alone make none."""
    assert figures([Count("yes", "", is_asked=False, number=10)]).rate is None
