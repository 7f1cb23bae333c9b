"""Whether somebody wants text messages: STOP is obeyed and noted, START ends that."""

from datetime import datetime, timedelta

from bot.core.contacts import Contact, State
from bot.core.intakes import RuleName, Verdict
from bot.core.messages import Inbound
from bot.core.threads import key_of
from bot.flows.intake.consequences import Allowed, Suppressed
from bot.flows.intake.ledger import Ledger
from bot.flows.intake.plan import Plan
from bot.flows.outgoing import alert
from bot.flows.rulebook import Rulebook

RULES = frozenset({RuleName.STOP_WORD, RuleName.START_WORD})
# Until they say that they want them again: longer than anybody keeps a number that they gave up.
_OBEYED_FOR = timedelta(days=3650)


def obey(message: Inbound, verdict: Verdict, thread: Contact | None, ledger: Ledger) -> Plan:
    """Nothing automatic goes there any more, and staff who owe an answer hear of it; or it may go there again."""
    plan = _plan(message, verdict, thread, ledger.now, ledger.book)
    ledger.learn(plan.changes)
    return plan


def _plan(message: Inbound, verdict: Verdict, thread: Contact | None, now: datetime, book: Rulebook) -> Plan:
    if verdict.rule is RuleName.START_WORD:
        return Plan(changes=(Allowed(key_of(message)),))
    reason = f"they asked for no more text messages on {book.clocks.today(now):%d %B %Y}"
    plan = Plan(changes=(Suppressed(key_of(message), reason, now + _OBEYED_FOR, "stop word"),))
    if thread is None or thread.state != State.OPEN:
        return plan
    notices = alert.notices_about(
        thread,
        f"stop:{thread.id}:{book.clocks.today(now)}",
        now,
        book,
        subject=f"{thread.reference}: the person wants no more text messages",
        happened=f"Who wrote in {thread.reference} sent a word that ends text messages. "
        "Nothing automatic goes to their number.",
        action="Answer by telephone or by letter. If they text START, text messages may go to them again.",
    )
    return plan + Plan(notices=tuple(notices))
