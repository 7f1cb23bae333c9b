"""What every start of the service reads and never changes, read once: see `forked`."""

import gc

import bot.app
import bot.cli.commands
import bot.flows.outgoing.after_restore
import bot.store.keys
import bot.web.server  # noqa: F401
from bot.core.calendars import NAMES, calendar

for name in NAMES:
    calendar(name)
# What is here stays: looked through for garbage, each page of it would be copied for each process.
gc.freeze()
