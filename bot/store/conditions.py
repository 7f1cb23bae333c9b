"""The conditions of partial indexes, each written once for the index and for the queries that use it.

A query must repeat the condition of its index literally: SQLite proves nothing from a bound parameter.
"""

from sqlalchemy import text

# Of contacts.
IS_OPEN = text("next_look_at IS NOT NULL")
IS_FINISHED = text("next_look_at IS NULL")
IS_CLOSED = text("state = 'closed'")
IS_URGENT = text("urgent != ''")
HAS_NEEDS = text("(need_codes != '' OR wished_language != '')")
IS_CALLING = text("urgent_at IS NOT NULL AND next_look_at IS NOT NULL")
IS_LINKED = text("linked_to IS NOT NULL")
IS_MERGED = text("merged_into IS NOT NULL")
IS_OWNED = text("owner != '' AND next_look_at IS NOT NULL")
SHARES_RECEIPT = text("receipt_of IS NOT NULL")
HAS_OWN_RECEIPT = text("outcome = 'acknowledge' AND receipt_of IS NULL")
HAS_NO_RECEIPT = text("outcome IN ('log', 'ask')")
HAS_CONVERSATION = text("conversation IS NOT NULL")
HAS_SENDER = text("sender_key IS NOT NULL")
MAY_BE_FORGOTTEN = text("next_look_at IS NULL AND legal_hold IS NULL AND forgotten = false")

# Of deliveries.
IS_ALERT = text("purpose = 'alert'")
IS_CALL = text("purpose = 'urgent'")
IS_FOR_STAFF = text("purpose IN ('alert', 'notice', 'urgent')")
IS_RECEIPT = text("purpose = 'acknowledgement'")
IS_UNDELIVERED = text("state IN ('permanent-failure', 'technical-failure')")
IS_CLAIMED = text("state = 'sending'")
IS_HELD = text("next_attempt_at IS NULL AND state IN ('created', 'temporary-failure')")
HAS_NEXT_ATTEMPT = text("next_attempt_at IS NOT NULL")
HAS_MAILBOX = text("mailbox IS NOT NULL")
IS_UNPROVEN = text("unproven IS TRUE")
HAS_EXTERNAL_ID = text("external_id IS NOT NULL")
# About no contact, and not forgotten yet.
IS_NOTICE = text("contact_id IS NULL AND recipient != ''")

# Of tasks to make a message into a format or a language; of a person who is forgotten there is nothing to make.
IS_TO_MAKE = text("made_at IS NULL AND (need_codes != '' OR language != '')")

# Of what was said in public: nobody has looked at it.
IS_UNLOOKED_AT = text("looked_at IS NULL")

# Of messages that left.
HAS_NO_CONTACT = text("contact_id IS NULL")

# Of feedback: nobody has read what was said.
IS_UNREAD = text("answer != '' AND read_at IS NULL")

# Of events.
IS_BY_SOMEBODY = text("actor != 'ackbot'")
# Of somebody, about no contact, and not forgotten yet.
IS_AUDIT_LINE = text("contact_id IS NULL AND actor NOT IN ('ackbot', '')")
