"""The kinds of channel, and a configuration read with them."""

import importlib
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from pkgutil import iter_modules

from bot.channel import Channel, ChannelSettings, Inbox, Outlet, SeveralFolders, WayIn
from bot.core.mistakes import choice
from bot.settings import reading
from bot.settings.reading import Kinds, Settings


def kinds() -> list[str]:
    """Return the kinds of channel: the files and folders of `channels/`."""
    return sorted(module.name for module in iter_modules(importlib.import_module("channels").__path__))


def kind_of(kind: str) -> type[ChannelSettings]:
    """Return the settings of a kind of channel; raises LookupError with the kinds that there are."""
    if kind not in kinds():
        raise LookupError(kinds())
    model: type[ChannelSettings] = importlib.import_module(f"channels.{kind}").Settings
    return model


def why_no_medium(name: str) -> str:
    """Return why contacts cannot come by this medium; "" where a kind of channel brings such contacts."""
    # Importing every kind takes a quarter of a second: those that are likely to know the name are tried first, one at a
    # time, and before the others those that the configuration has imported already.
    likely = [kind for kind in kinds() if kind in ("desk", name) or kind.startswith(f"{name}_")]
    likely.sort(key=lambda kind: f"channels.{kind}" not in sys.modules)
    if any(name in _media([kind]) for kind in likely) or name in (media := _media(kinds())):
        return ""
    return choice(name, media)


def _media(kind_names: Iterable[str]) -> list[str]:
    settings = (kind_of(kind) for kind in kind_names)
    return sorted({medium for model in settings if issubclass(model, WayIn) for medium in model.media})


def build_channels(configured: Settings) -> dict[str, Channel]:
    """Return every configured channel by its name."""
    public_url = configured.web.public_url
    channels = (channel.called_at(public_url) for channel in configured.channels)
    return {c.name: importlib.import_module(f"channels.{c.kind}").build(c.name, c) for c in channels}


def outlets_of(channels: Mapping[str, Channel]) -> dict[str, Outlet]:
    """Return those that send, by their names."""
    return {name: channel for name, channel in channels.items() if isinstance(channel, Outlet)}


def inboxes_of(channels: Mapping[str, Channel]) -> list[Inbox]:
    """Return every inbox, each with those beside it."""
    ways_in = [channel for channel in channels.values() if isinstance(channel, Inbox)]
    return [inbox for way in ways_in for inbox in (way, *(way.also if isinstance(way, SeveralFolders) else ()))]


def load(directory: Path) -> Settings:
    """Read the configuration; raises BadSettings with every mistake."""
    return reading.read(directory, Kinds(kind_of, why_no_medium))
