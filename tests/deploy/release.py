"""Builds what a release consists of, and installs each file of it into an empty environment."""

import subprocess
import sys
import sysconfig
import venv
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import urlsplit

from tests.components import demonstration
from tests.components.officer import Officer, Page
from tests.deploy.files import ROOT


def build(directory: Path) -> tuple[Path, ...]:
    """The wheel and the sdist, built into a directory."""
    _run([sys.executable, "-m", "hatchling", "build", "-d", str(directory)], ROOT)
    (wheel,), (sdist,) = directory.glob("*.whl"), directory.glob("*.tar.gz")
    return wheel, sdist


def install(file: Path, directory: Path) -> Path:
    """Install it as anybody does, with what it needs from the index; returns its `ackbot`."""
    environment = _environment(directory)
    _pip(environment, directory, str(file))
    return environment / "bin" / "ackbot"


def install_beside(file: Path, directory: Path) -> Path:
    """The same without the index: what it needs is taken from the environment of the tests."""
    environment = _environment(directory)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    link = environment / "lib" / version / "site-packages" / "dependencies.pth"
    link.write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    _pip(environment, directory, "--no-index", "--no-deps", "--no-build-isolation", str(file))
    return environment / "bin" / "ackbot"


def output(ackbot: Path, *arguments: str, folder: Path) -> str:
    """What a command prints, run in a folder."""
    return _run([str(ackbot), *arguments], folder)


def demo(ackbot: Path, folder: Path) -> AbstractContextManager[str]:
    """What `ackbot demo`, run in a folder, prints when everything is there; it stops afterwards."""
    return demonstration.demo([ackbot, "demo"], folder=folder, until="Stop with Ctrl-C")


def form(words: str) -> Page:
    """The page of the form, at the address that the demo prints."""
    address = words.split("with the form", 1)[1].split(maxsplit=1)[0]
    return Officer(urlsplit(address).port or 0).get("/")


def _environment(directory: Path) -> Path:
    environment = directory / "environment"
    venv.create(environment, symlinks=True)
    return environment


def _pip(environment: Path, folder: Path, *arguments: str) -> None:
    quiet = ["--disable-pip-version-check", "--no-input", "--quiet", "--python", str(environment / "bin" / "python")]
    _run([sys.executable, "-m", "pip", *quiet, "install", *arguments], folder)


def _run(command: list[str], folder: Path) -> str:
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if result.returncode:
        raise RuntimeError(
            f"{' '.join(command)} ended with status {result.returncode}:\n{result.stdout}{result.stderr}"
        )
    return result.stdout
