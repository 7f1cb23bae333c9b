"""The one judge of every run: what the store and the mailboxes must look like once all is over."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from email import message_from_bytes

from tests.components.service import ask

_REFUSED = (
    "SELECT count(*) FROM contacts c JOIN deliveries d ON d.contact_id = c.id WHERE d.purpose = 'acknowledgement' "
    "AND d.state = 'permanent-failure' AND c.acknowledged_at IS NULL AND c.receipt_sent_at IS NULL"
)
TRUTHS = {
    "an open contact without an alarm": "SELECT count(*) FROM contacts WHERE state = 'open' AND next_look_at IS NULL",
    "a contact without its beginning": "SELECT count(*) FROM contacts c WHERE NOT EXISTS "
    "(SELECT 1 FROM events e WHERE e.contact_id = c.id AND e.kind = 'logged')",
    "a contact that began twice": "SELECT count(*) FROM (SELECT contact_id FROM events WHERE kind = 'logged' "
    "GROUP BY contact_id HAVING count(*) > 1) twice",
    "a contact without a message": "SELECT count(*) FROM contacts c WHERE NOT EXISTS "
    "(SELECT 1 FROM messages m WHERE m.contact_id = c.id)",
    "a message without what came over the wire": "SELECT count(*) FROM messages m WHERE NOT EXISTS "
    "(SELECT 1 FROM raw_messages r WHERE r.message_id = m.id)",
    "an acknowledgement that is missing": "SELECT count(*) FROM contacts c WHERE c.outcome = 'acknowledge' "
    "AND c.receipt_of IS NULL AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.contact_id = c.id "
    "AND d.purpose = 'acknowledgement')",
    "a receipt that left and is not on its contact": "SELECT count(*) FROM contacts c JOIN deliveries d "
    "ON d.contact_id = c.id WHERE d.purpose = 'acknowledgement' AND d.state = 'sent' AND c.receipt_sent_at IS NULL",
    "a receipt on a contact that never left": "SELECT count(*) FROM contacts c JOIN deliveries d "
    "ON d.contact_id = c.id WHERE d.purpose = 'acknowledgement' AND d.sent_at IS NULL AND c.receipt_sent_at "
    "IS NOT NULL",
    "a receipt on a contact that failed for good": "SELECT count(*) FROM contacts c JOIN deliveries d "
    "ON d.contact_id = c.id WHERE d.purpose = 'acknowledgement' AND d.state = 'permanent-failure' "
    "AND c.receipt_sent_at IS NOT NULL",
    "a receipt that left without an event": "SELECT count(*) FROM deliveries d WHERE d.purpose = 'acknowledgement' "
    "AND d.state = 'sent' AND NOT EXISTS (SELECT 1 FROM events e WHERE e.contact_id = d.contact_id "
    "AND e.kind = 'acknowledgement sent')",
    "a receipt that was refused without a task for staff": "SELECT count(*) FROM deliveries d WHERE "
    "d.purpose = 'acknowledgement' AND d.state IN ('permanent-failure', 'technical-failure') AND NOT EXISTS "
    "(SELECT 1 FROM deliveries n WHERE n.purpose = 'notice' AND n.key LIKE 'notice:undelivered:' || d.id || ':%')",
    "two events of one attempt": "SELECT count(*) FROM (SELECT contact_id FROM events WHERE kind LIKE "
    "'acknowledgement %' GROUP BY contact_id, details, kind HAVING count(*) > 1) twice",
    "a step that was taken twice for one date": "SELECT count(*) FROM (SELECT contact_id FROM deliveries WHERE "
    "purpose = 'alert' GROUP BY contact_id, step, recipient, substr(key, 1, length(key) - length(recipient)) "
    "HAVING count(*) > 1) twice",
    "an alert that left after the answer": "SELECT count(*) FROM deliveries d JOIN contacts c ON c.id = d.contact_id "
    "WHERE d.purpose IN ('alert', 'urgent') AND c.state = 'answered' AND d.sent_at > c.responded_at",
    "an alert that an open contact should have and has not": "SELECT count(*) FROM contacts c JOIN events e "
    "ON e.contact_id = c.id WHERE c.state = 'open' AND e.kind = 'escalated' AND e.details LIKE '%respond-90%' "
    "AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.contact_id = c.id AND d.step = 'respond-90')",
    "a shunted message": "SELECT count(*) FROM shunted",
}


@dataclass(slots=True)
class Verdict:
    """What a run came to. `doubled`: people with two acknowledgements that a mail program tells apart; `repeated`:
    copies of the same one, by its Message-ID. `refused`: people whose mail server takes nothing for them, which is a
    task for staff. `unacknowledged`: people who had nothing, though nobody refused it.
    """

    contacts: int
    lost: int
    doubled: int
    repeated: int
    unacknowledged: int
    refused: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether the promises were kept."""
        return not (self.lost or self.doubled or self.unacknowledged or self.faults)


def judge(store_url: str, expected: Iterable[str], mails: Iterable[bytes]) -> Verdict:
    """`expected` are the Message-IDs of what people sent, each from an address of its own; `mails` what they got."""
    message_ids = set(expected)
    logged = Counter(row.message_id for row in ask(store_url, "SELECT message_id FROM messages"))
    ids: dict[str, set[str]] = defaultdict(set)
    copies: Counter[str] = Counter()
    for raw in mails:
        mail = message_from_bytes(raw)
        if str(mail["Message-ID"]).startswith("<ack."):
            ids[str(mail["To"])].add(str(mail["Message-ID"]))
            copies[str(mail["Message-ID"])] += 1
    truths = TRUTHS | {"a claim that nobody holds": "SELECT count(*) FROM deliveries WHERE state = 'sending'"}
    faults = [f"{count} x {what}" for what, query in truths.items() if (count := ask(store_url, query)[0][0])]
    faults += [f"logged {number} times: {message_id}" for message_id, number in logged.items() if number > 1]
    refused = int(ask(store_url, _REFUSED)[0][0])
    return Verdict(
        contacts=int(ask(store_url, "SELECT count(*) FROM contacts")[0][0]),
        lost=len(message_ids - set(logged)),
        doubled=sum(len(receipts) > 1 for receipts in ids.values()),
        repeated=sum(number - 1 for number in copies.values()),
        unacknowledged=len(message_ids) - len(ids) - refused,
        refused=refused,
        faults=faults,
    )
