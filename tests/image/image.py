"""The image as buildah keeps it: what it says of itself, its files, and its size."""

import json
import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "image"
STORAGE = ["--root", str(CACHE / "store"), "--runroot", str(CACHE / "run"), "--storage-driver", "overlay"]


class Image:
    """`name` as tests/image/build.sh built it; while it is entered its files are in the directory `root`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.root = Path()
        self._container = ""

    def __enter__(self) -> Self:
        self._container = _buildah("from", "--pull-never", self.name).strip()
        self.root = Path(_buildah("mount", self._container).strip())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        _buildah("umount", self._container)
        _buildah("rm", self._container)

    @cached_property
    def description(self) -> dict[str, Any]:
        """The whole of what it says of itself."""
        description: dict[str, Any] = json.loads(_buildah("inspect", "--type", "image", self.name))["Docker"]
        return description

    @property
    def configuration(self) -> dict[str, Any]:
        """What an engine starts it by."""
        configuration: dict[str, Any] = self.description["config"]
        return configuration

    @property
    def user(self) -> str:
        """USER:GROUP, in numbers."""
        return str(self.configuration["User"])

    @property
    def command(self) -> list[str]:
        """Its entry point and arguments."""
        return [*self.configuration["Entrypoint"], *self.configuration["Cmd"]]

    @property
    def environment(self) -> list[str]:
        """NAME=VALUE."""
        return list(self.configuration["Env"])

    @property
    def directory(self) -> str:
        """Where it starts."""
        return str(self.configuration["WorkingDir"])

    @property
    def volume(self) -> str:
        """What it writes to."""
        (path,) = self.configuration["Volumes"]
        return str(path)

    @property
    def health_check(self) -> list[str]:
        """The command by which an engine asks whether it is well."""
        kind, *command = self.configuration["Healthcheck"]["Test"]
        assert kind == "CMD", "a shell would be started for each check"
        return list(command)

    def files(self) -> Iterator[tuple[str, os.stat_result]]:
        """Every file and directory, by its path in the image."""
        for folder, folders, names in os.walk(self.root):
            for name in (*folders, *names):
                path = Path(folder, name)
                yield f"/{path.relative_to(self.root)}", path.lstat()

    def sizes(self) -> tuple[int, int, int]:
        """Bytes of its files; bytes that a registry would send; and of those our own, without the base image's."""
        whole = sum(status.st_size for _, status in self.files() if stat.S_ISREG(status.st_mode))
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            _buildah("push", "--quiet", "--format", "oci", self.name, f"oci:{folder}:image")
            index = json.loads(Path(folder, "index.json").read_text(encoding="utf-8"))
            manifest = json.loads(_blob(folder, index["manifests"][0]["digest"]))
        base, *own = (layer["size"] for layer in manifest["layers"])
        return whole, base + sum(own), sum(own)


def _blob(folder: str, digest: str) -> str:
    return Path(folder, "blobs", *digest.split(":")).read_text(encoding="utf-8")


def _buildah(command: str, *arguments: str) -> str:
    return subprocess.run(
        ["buildah", *STORAGE, command, *arguments], stdout=subprocess.PIPE, text=True, check=True
    ).stdout
