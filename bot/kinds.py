"""The kinds of channel that there are, and a configuration read with them."""

import importlib
from pathlib import Path
from pkgutil import iter_modules

from bot.channel import Channel, ChannelSettings
from bot.settings import reading
from bot.settings.reading import Settings


def kinds() -> list[str]:
    """The kinds of channel that there are: the files of `channels/`."""
    return sorted(module.name for module in iter_modules(importlib.import_module("channels").__path__))


def kind_of(kind: str) -> type[ChannelSettings]:
    """The settings of a kind of channel; raises LookupError naming what is allowed."""
    if kind not in kinds():
        raise LookupError(f"is not a kind of channel; allowed: {', '.join(kinds())}")
    model: type[ChannelSettings] = importlib.import_module(f"channels.{kind}").Settings
    return model


def build_channels(configured: Settings) -> dict[str, Channel]:
    """Every configured channel by its name."""
    return {c.name: importlib.import_module(f"channels.{c.kind}").build(c.name, c) for c in configured.channels}


def load(directory: Path) -> Settings:
    """Read the configuration; raises BadSettings with every mistake."""
    return reading.read(directory, kind_of)
