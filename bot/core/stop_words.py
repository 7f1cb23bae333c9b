"""Words by which people end text messages, or want them again, as a whole message: the networks teach them so.

The words are those of CTIA's Messaging Principles and Best Practices ("opt-out"), in Welsh, too, and with what people
write around them. Whoever gets messages must have a way to end them (Privacy and Electronic Communications Regulations
2003, regulation 23).
"""

import re

from bot.core.messages import Inbound
from bot.core.phones import PREFIX

_STOP = frozenset(
    {"stop", "stopall", "stop all", "unsubscribe", "cancel", "end", "quit", "optout", "opt out", "stop texts"}
    | {"stop texting me", "stop texting", "revoke", "stopiwch", "stopio", "peidiwch"}
)
_START = frozenset({"start", "unstop", "optin", "opt in", "dechrau", "cychwyn"})
_AROUND = re.compile(r"[^\w]+")
_PLEASE = re.compile(r"^please | please$| thanks$| thank you$")
_LONGEST = 40


def says_stop(message: Inbound) -> bool:
    """Tell whether a text message asks for no more of them, and says nothing else."""
    return _words(message) in _STOP


def says_start(message: Inbound) -> bool:
    """Tell whether a text message asks for them again, and says nothing else."""
    return _words(message) in _START


def _words(message: Inbound) -> str:
    if message.sender is None or not message.sender.address.startswith(PREFIX):
        return ""
    words = _AROUND.sub(" ", message.text[:_LONGEST].casefold()).strip() if len(message.text) <= _LONGEST else ""
    return _PLEASE.sub("", words)
