"""What is wrong with how a message was read and judged: the one question of every fuzz."""

from bot.core.intakes import Facts, RuleName, triage
from bot.wire.mail import mime

_OWN = frozenset({"enquiries@example.gov.uk"})
# As first seen by a channel; in a thread; where our own mail server is believed.
_FACTS = (
    Facts(_OWN),
    Facts(_OWN, thread="EX-7K3M-9QPH", authserv_id="mx.example.gov.uk"),
    Facts(authserv_id="mx.example.gov.uk"),
)
_OUTCOMES = {"acknowledge", "log", "attach", "undeliverable", "ask"}
_LONGEST_FAULT = 120
# `mime.read` says these of an exception that it caught: a mail is never lost, but the code is at fault.
_CAUGHT = {"the message could not be read", "the text could not be read"}


def faults_of(raw: bytes) -> str:
    """What is wrong, or ""; an exception is passed on."""
    message = mime.read(raw, channel="inbox", received_at=None)
    if message.fault in _CAUGHT or "\n" in message.fault or len(message.fault) > _LONGEST_FAULT:
        return f"fault: {message.fault}"
    for facts in _FACTS:
        verdict = triage(message, facts)
        is_told = verdict.recipient is not None
        may_be_told = verdict.outcome == "acknowledge" or verdict.rule is RuleName.HUMAN_REPLY
        must_be_told = verdict.outcome == "acknowledge"
        if verdict.outcome not in _OUTCOMES or (is_told and not may_be_told) or (must_be_told and not is_told):
            return f"verdict: {verdict}"
    return ""
