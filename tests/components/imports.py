"""What every service reads and never changes, at its start or a little later, read once: see `forked`."""

# ruff: noqa: F401

import gc
import os
import tempfile
from pathlib import Path

import apscheduler.executors.asyncio
import apscheduler.triggers.date
import babel.dates

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
import bot.web.server
from bot import kinds
from bot.core import urgencies
from tests.components.compiled import compile_once
from tests.components.passwords import hash_quickly
from tests.components.service import LOOPBACK, Service

hash_quickly()
compile_once()
for kind in kinds.kinds():
    kinds.kind_of(kind)
# The packaged rules and the calendars are the same for every configuration that has none of its own.
with tempfile.TemporaryDirectory() as folder:
    service = Service(Path(folder), [LOOPBACK])
    os.environ |= service.environment
    settings = kinds.load(service.config)
    urgencies.read(settings.urgent)
    list(settings.calendars.values())
# What is here stays: looked through for garbage, each page of it would be copied for each process.
gc.freeze()
