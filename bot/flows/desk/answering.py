"""The actions by which staff answer from here, take an answer back, and say that a letter or a call is done."""

from bot.core.roles import Permission
from bot.flows.changes import answer, answer_outcome
from bot.flows.changes.answer import Answer
from bot.flows.desk.judging import name_cause
from bot.flows.desk.orders import Action, Desk


def _answer(desk: Desk) -> str:
    account = desk.visitor.account
    draft = Answer(
        kind=desk.field("kind"),
        words=desk.field("words"),
        subject=desk.field("subject"),
        channel=desk.field("channel"),
        name=desk.field("by") or (account.name if account else ""),
        files=desk.order.files,
        address=desk.field("address"),
    )
    # First: a button that is pressed twice is known by the answer, as the last thing that was done.
    name_cause(desk)
    waiting = answer.answer(desk.connection, desk.contact.reference, draft, desk.actor, desk.now, desk.book)
    if waiting.is_by_hand:
        return "The words are kept. When it is posted, or when you have rung, say so here: then the clock stops."
    stops = "The clock runs on." if draft.kind == "holding" else "When it has left, the clock stops."
    return f"Your answer leaves in 10 seconds. {stops}"


def _undo(desk: Desk) -> str:
    answer.undo(desk.connection, desk.contact.reference, desk.actor, desk.now)
    return "Your answer is taken back. It has not been sent."


def _confirm(desk: Desk) -> str:
    reference, at = desk.contact.reference, desk.instant("at")
    answer_outcome.confirm(desk.connection, reference, at, desk.actor, desk.now, desk.book)
    name_cause(desk)
    return "It is recorded as the answer, with the words that were kept."


ANSWERING: dict[str, Action] = {
    "answer": Action(Permission.ACT, _answer),
    "undo": Action(Permission.ACT, _undo),
    "confirm-answer": Action(Permission.ACT, _confirm),
}
