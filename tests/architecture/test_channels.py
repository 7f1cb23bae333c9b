"""Every file and folder in channels/ is a channel, and nothing else needs to know of it."""

import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from bot.channel import ChannelSettings, WayIn
from bot.kinds import kinds
from tests.architecture.house import ROOT, into_a_folder, sources

CHANNELS = ROOT / "channels"
KINDS = kinds()


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


def test_a_way_in_says_how_contacts_come(channel: ModuleType) -> None:
    """It names the media that standards and rules of routing may ask for, each as they write names."""
    if issubclass(channel.Settings, WayIn):
        assert channel.Settings.media
        assert all(re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", medium) for medium in channel.Settings.media)


def test_a_channel_is_a_file_or_a_folder_that_can_be_imported() -> None:
    """There is no file in channels/ that belongs to no kind, and no kind without its file."""
    parts = {source.path.relative_to(CHANNELS).parts[0].removesuffix(".py") for source in sources("channels")}
    assert sorted(parts - {"__init__"}) == KINDS


def test_a_folder_is_a_kind_of_channel(copy: Path) -> None:
    """A channel that has outgrown its file becomes a folder with `__init__.py`, and nothing else changes."""
    folder = into_a_folder(copy / "channels" / "web_form.py")
    assert folder.is_dir()
    program = "from bot import kinds; print(*kinds.kind_of('web_form').media, len(kinds.kinds()), kinds.__file__)"
    run = subprocess.run([sys.executable, "-c", program], cwd=copy, capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["web_form", str(len(KINDS)), str(copy / "bot" / "kinds.py")]
