"""A release: the wheel and the sdist work from an empty folder, and nothing is missing in them."""

import re
import tarfile
import zipfile
from pathlib import Path

import pytest

from bot import __version__
from tests.deploy import release
from tests.deploy.files import ROOT


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both files of a release, by what they are."""
    wheel, sdist = release.build(tmp_path_factory.mktemp("release"))
    return {"wheel": wheel, "sdist": sdist}


@pytest.mark.nightly
@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_it_works_from_an_empty_folder(kind: str, files: dict[str, Path], tmp_path: Path) -> None:
    """Installed without this clone, it says its version, and the demo opens its form and has made its contacts."""
    folder = tmp_path / "empty"
    folder.mkdir()
    ackbot = release.install_beside(files[kind], tmp_path)
    assert release.output(ackbot, "--version", folder=folder).split() == ["ackbot", __version__]
    with release.demo(ackbot, folder) as words:
        assert "Exampleshire Council" in release.form(words).words()
        listing = release.output(ackbot, "contacts", "list", "--json", "--config", "var/demo/config", folder=folder)
        assert listing.count("\n") == 4
        assert f"{ROOT}" not in words


def test_the_wheel_has_what_the_service_reads(files: dict[str, Path]) -> None:
    """Every file of the program, its words and its defaults; and nothing else."""
    data = {"templates": "bot/_data/templates", "config": "bot/_data/config", "bot": "bot", "channels": "channels"}
    expected = {
        f"{data[folder]}/{path.relative_to(ROOT / folder)}"
        for folder in data
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    names = {name for name in zipfile.ZipFile(files["wheel"]).namelist() if ".dist-info/" not in name}
    assert names == expected


def test_the_sdist_has_what_a_clone_has(files: dict[str, Path]) -> None:
    """The tests, the documentation, what builds the image and the locks, too."""
    with tarfile.open(files["sdist"]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {
        "Makefile",
        "Dockerfile",
        "requirements.lock",
        "docs/operations.md",
        "tests/deploy/test_release.py",
    } <= names
    assert not [name for name in names if name.startswith((".git/", ".venv/", ".cache/", "var/", ".ci/"))]


def test_the_same_tree_gives_the_same_files(files: dict[str, Path], tmp_path: Path) -> None:
    """Whoever builds a release again can compare it with ours."""
    again = release.build(tmp_path)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in files.values()]


def test_the_version_stands_in_one_place() -> None:
    """What is installed, the images that are named, and the newest part of the change log say the same."""
    places = [ROOT / "deploy/compose.yaml", *(ROOT / "deploy/kubernetes").rglob("*.yaml")]
    images = {tag for path in places for tag in re.findall(r"ackbot:(\d\S*)", path.read_text(encoding="utf-8"))}
    parts = re.findall(r"^## \[?(\d[^\]\s]*)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert images == {__version__}
    assert parts[0] == __version__
