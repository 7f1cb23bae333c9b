"""What each event does to the spells of its contact: one step for each kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from bot.core import needs
from bot.core.contacts import State
from bot.core.deliveries import Purpose
from bot.core.events import EventKind
from bot.core.judgements import is_early_word, is_word_of_person, is_word_of_staff
from bot.core.runs import Run
from bot.core.spells import Ending, Happening, instant, moment

BEFORE = "_before"


@dataclass(slots=True)
class History:
    """What the events have come to so far. `answers` are what stopped or acknowledged, the last of them may be lost."""

    runs: list[Run]
    acknowledge_by: int | None
    acknowledged_by: str
    acknowledgements: list[int] = field(default_factory=list)
    answers: list[tuple[str, int]] = field(default_factory=list)
    words: list[int] = field(default_factory=list)
    is_merged: bool = False
    avoidable: str = ""
    complaint_outcome: str = ""
    needs: str = ""

    @property
    def run(self) -> Run:
        """The spell that runs, or ended last."""
        return self.runs[-1]


Step = Callable[[History, Happening, int], None]


@lru_cache(10_000)
def _date(text: str) -> int:
    """Return a date in the details of an event; many contacts have the same."""
    return moment(text)


def _dated(details: Mapping[str, Any], name: str, date: int | None) -> int | None:
    """Return a date after an event that may have changed it."""
    if name in details:
        return _date(details[name])
    return None if f"{name}{BEFORE}" in details else date


def _move(history: History, details: Mapping[str, Any]) -> None:
    """Take the dates that an event set; while the clock is paused the date is the one before the pause."""
    run = history.run
    history.acknowledge_by = _dated(details, "acknowledge_by", history.acknowledge_by)
    history.acknowledged_by = details.get("acknowledged_by", history.acknowledged_by)
    if "respond_by" in details or "paused_at" not in details:
        run.respond_by = _dated(details, "respond_by", run.respond_by)
    if run.first_respond_by is None:
        run.first_respond_by = run.respond_by


def _acknowledge(history: History, happening: Happening, at: int) -> None:
    history.acknowledgements.append(at)
    if happening.kind == EventKind.HOLDING_REPLY:
        history.answers.append((happening.kind, at))
    _change(history, happening, at)


def _change(history: History, happening: Happening, _at: int) -> None:
    if history.run.is_open:
        _move(history, happening.details)
        _note_staff(history, happening)


def _note_staff(history: History, happening: Happening) -> None:
    if is_word_of_staff(happening.kind, happening.details):
        history.run.has_staff_written = True


def _hear_staff(history: History, happening: Happening, _at: int) -> None:
    _note_staff(history, happening)


def _pause(history: History, happening: Happening, at: int) -> None:
    if history.run.is_open and history.run.paused_at is None:
        history.run.paused_at = at
    _note_staff(history, happening)


def _resume(history: History, happening: Happening, at: int) -> None:
    if history.run.is_open:
        history.run.resume(at)
        _change(history, happening, at)


def _extend(history: History, happening: Happening, at: int) -> None:
    if history.run.is_open:
        history.run.extensions += 1
    _change(history, happening, at)


def _respond(history: History, happening: Happening, at: int) -> None:
    run = history.run
    if not run.is_open:
        return
    history.acknowledgements.append(at)
    history.answers.append((happening.kind, at))
    run.end(at, Ending.ANSWERED)
    _keep_needs(history, happening)
    _note_staff(history, happening)


def _keep_needs(history: History, happening: Happening) -> None:
    """Keep what the person needed when it ended, and how they were answered: later wishes do not count."""
    run, details = history.run, happening.details
    run.needs = needs.as_column(needs.of_column(str(details.get("needs", ""))))
    run.formats, run.how = details.get("format"), str(details.get("how", ""))


def _close(history: History, happening: Happening, at: int) -> None:
    if history.run.is_open:
        history.run.end(at, Ending(happening.details.get("outcome", Ending.FINISHED)))
        _keep_needs(history, happening)


def _correct(history: History, happening: Happening, _at: int) -> None:
    """Take back the last answer, or the last holding reply: as if it had not been given."""
    if not history.answers:
        return
    kind, at = history.answers.pop()
    history.acknowledgements.remove(at)
    if kind == EventKind.RESPONDED and history.run.responded_at is not None:
        history.run.go_on()
    if history.run.is_open:
        _move(history, happening.details)


def _reopen(history: History, happening: Happening, at: int) -> None:
    """Begin the next spell: with a date of its own."""
    before = history.run
    if before.is_open:
        return
    begins_at = max(at, before.ends_at or at)
    if not happening.is_of_staff:
        history.words.append(begins_at)
    history.runs.append(Run(before.number + 1, begins_at, None))
    _move(history, happening.details)


def _open_again(history: History, happening: Happening, at: int) -> None:
    """Begin the next spell: with the date that it had, and paused where it was."""
    before, details = history.run, happening.details
    if before.is_open:
        return
    run = Run(before.number + 1, max(at, before.ends_at or at), before.standing.respond_by if before.standing else None)
    is_paused = before.standing is not None and before.standing.paused_at is not None
    run.paused_at = run.begins_at if is_paused and "respond_by" not in details else None
    history.runs.append(run)
    _move(history, details)


def _merge(history: History, happening: Happening, at: int) -> None:
    if "was" not in happening.details:
        return  # it is the contact that goes on, or was merged before
    history.is_merged = True
    if history.run.is_open:
        history.run.end(at, Ending.MERGED)


def _undo_merge(history: History, happening: Happening, _at: int) -> None:
    if history.is_merged and history.run.ending == Ending.MERGED:
        history.run.go_on()
        _move(history, happening.details)
    history.is_merged = False


def _miss_window(history: History, _happening: Happening, _at: int) -> None:
    history.run.windows_missed += 1


def _follow_up(history: History, happening: Happening, at: int) -> None:
    run, kind, details = history.run, happening.kind, happening.details
    if not is_word_of_person(kind, details):
        return
    history.words.append(at)
    due = None if run.respond_by is None else instant(run.respond_by)
    if run.is_open and is_early_word(kind, details, happening.at, due, has_staff_written=run.has_staff_written):
        run.early_words += 1


def _judge_avoidable(history: History, happening: Happening, _at: int) -> None:
    history.avoidable = str(happening.details.get("avoidable", ""))


def _name_cause(history: History, happening: Happening, _at: int) -> None:
    history.run.cause = str(happening.details.get("cause", ""))


def _decide_complaint(history: History, happening: Happening, _at: int) -> None:
    history.complaint_outcome = str(happening.details.get("complaint_outcome", ""))


def _last_answer(history: History) -> Run | None:
    return next((run for run in reversed(history.runs) if run.responded_at is not None), None)


def _ask(history: History, _happening: Happening, at: int) -> None:
    if run := _last_answer(history):
        run.asked_at = at


def _take_opinion(history: History, happening: Happening, _at: int) -> None:
    if run := _last_answer(history):
        run.opinion = str(happening.details.get("answer", ""))
        run.satisfaction = str(happening.details.get("satisfaction", ""))


def _note_needs(history: History, happening: Happening, _at: int) -> None:
    history.needs = needs.as_column(needs.of_column(str(happening.details.get("needs", ""))))


def _make_format(history: History, happening: Happening, _at: int) -> None:
    """Count what staff made of an answer as if it had left in it."""
    details = happening.details
    if details.get("purpose") == Purpose.ANSWER and (run := _last_answer(history)):
        run.formats = f"{run.formats or ''} {details.get('needs', '')}"


def _decide_on_receipt(history: History, happening: Happening, _at: int) -> None:
    """Let what was only logged wait for an answer from its receipt on."""
    run, details = history.run, happening.details
    if run.ending == Ending.LOGGED and details.get("was") == State.LOGGED:
        history.runs[-1] = Run(0, run.begins_at, None)
        _move(history, details)


STEPS: dict[str, Step] = {
    EventKind.ACKNOWLEDGED: _acknowledge,
    EventKind.HOLDING_REPLY: _acknowledge,
    EventKind.PAUSED: _pause,
    EventKind.RESUMED: _resume,
    EventKind.RESTARTED: _resume,
    EventKind.EXTENDED: _extend,
    EventKind.RESPONDED: _respond,
    EventKind.REOPENED: _reopen,
    EventKind.CORRECTED: _correct,
    EventKind.RECOMPUTED: _change,
    EventKind.CLASSIFIED: _change,
    EventKind.STAFF_WROTE: _hear_staff,
    EventKind.ANSWER_SENT: _hear_staff,
    EventKind.CLOSED: _close,
    EventKind.OPENED_AGAIN: _open_again,
    EventKind.MERGED: _merge,
    EventKind.MERGE_UNDONE: _undo_merge,
    EventKind.WINDOW_MISSED: _miss_window,
    EventKind.FOLLOW_UP: _follow_up,
    EventKind.AVOIDABILITY_JUDGED: _judge_avoidable,
    EventKind.CAUSE_NAMED: _name_cause,
    EventKind.COMPLAINT_DECIDED: _decide_complaint,
    EventKind.FEEDBACK_SENT: _ask,
    EventKind.FEEDBACK_GIVEN: _take_opinion,
    EventKind.NEEDS_NOTED: _note_needs,
    EventKind.FORMAT_MADE: _make_format,
    EventKind.RECEIPT_DECIDED_ON: _decide_on_receipt,
}
