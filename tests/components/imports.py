"""What every service reads and never changes, at its start or a little later, read once: see `forked`."""

import gc

import bot.app
import bot.background
import bot.cli.commands
import bot.cli.run
import bot.flows.changes.recompute
import bot.flows.intake.receive
import bot.flows.outgoing.after_restore
import bot.letters
import bot.store.keys
import bot.web.pages
import bot.web.server  # noqa: F401
from bot.core.calendars import NAMES, calendar
from tests.components.compiled import compile_once
from tests.components.passwords import hash_quickly

hash_quickly()
compile_once()
for name in NAMES:
    calendar(name)
# What is here stays: looked through for garbage, each page of it would be copied for each process.
gc.freeze()
