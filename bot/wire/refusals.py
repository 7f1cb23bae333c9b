"""Errors of an outlet that say more than the four of every channel (`bot.channel`), for whoever keeps the outbox."""

from bot.channel import Permanent, Temporary


class Uncertain(Temporary):
    """The line broke when everything had been handed over: the message may have been taken all the same."""


class Full(Temporary):
    """The recipient's mailbox takes nothing more until somebody empties it: some hours, not seconds."""


class Doubtful(Permanent):
    """A refusal that may be about us as well as about the recipient: final only where others get through."""
