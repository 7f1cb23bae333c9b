"""Every file in channels/ is a channel, and nothing else needs to know of it."""

import importlib
import inspect
from types import ModuleType

import pytest

from bot.channel import ChannelSettings
from tests.architecture.house import sources

KINDS = sorted(source.path.stem for source in sources("channels") if source.path.stem != "__init__")


@pytest.fixture(params=KINDS)
def channel(request: pytest.FixtureRequest) -> ModuleType:
    """Each channel in turn, imported by its kind as the service does."""
    return importlib.import_module(f"channels.{request.param}")


def test_a_channel_says_what_can_be_configured(channel: ModuleType) -> None:
    """It offers `Settings`, which refuse a key that they do not know."""
    assert issubclass(channel.Settings, ChannelSettings)
    assert channel.Settings.model_config.get("extra") == "forbid"


def test_a_channel_is_built_from_its_name_and_settings(channel: ModuleType) -> None:
    """It offers `build(name, settings)`."""
    # One that needs no settings may say so by an underscore.
    assert [name.lstrip("_") for name in inspect.signature(channel.build).parameters] == ["name", "settings"]


def test_channels_is_a_flat_folder() -> None:
    """There is no folder in channels/: a file is a channel, whole."""
    assert not [source.name for source in sources("channels") if source.path.parent.name != "channels"]
