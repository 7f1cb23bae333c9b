"""How often Python looks for garbage: rarely while a command starts, because what is imported stays."""

import atexit
import gc

USUAL = gc.get_threshold()
# Looked through as often as usual, what is imported makes a start a tenth longer.
RARE = (200_000, *USUAL[1:])


def collect_rarely() -> None:
    """Begin a command.

    At its end nothing is looked through at all: that takes a tenth of a second, and the memory is given back anyway.
    """
    gc.set_threshold(*RARE)
    atexit.register(gc.freeze)


def collect_as_usual() -> None:
    """End the start of a service: what is in memory by now is never looked through again."""
    gc.freeze()
    gc.set_threshold(*USUAL)
