"""What the image says of itself, and what lies in it."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from bot import __version__
from tests.image.bill import bill
from tests.image.image import ROOT
from tests.image.scene import Scene

MEGABYTE = 1_000_000
# Directories of the engine's own, empty until a container starts.
_ENGINES = ("/dev/", "/proc/", "/sys/")
_TOOLS = {"pip", "pip3", "gcc", "cc", "g++", "make", "git", "curl", "wget", "hatchling"}
_BUILD = ("/root/.cache", "/src", "/dist", "/opt/build", "/tmp/", "/var/tmp/")
_SECRETS = (".env", ".netrc", ".pypirc", "id_rsa", "id_ed25519", ".git", "secrets")


def description(scene: Scene) -> str:
    """It starts `ackbot run` as a number that is not root's, names its volume and ports, and has a health check."""
    image = scene.image
    assert image.command == ["ackbot", "run"]
    assert image.user == "10001:10001"
    assert image.volume == image.directory == "/var/lib/ackbot"
    assert set(image.configuration["ExposedPorts"]) == {"8080/tcp", "8024/tcp"}
    labels = {name.rpartition(".")[2]: value for name, value in image.configuration["Labels"].items()}
    assert labels["version"] == __version__
    assert labels["licenses"] == "EUPL-1.2"
    return f"user {image.user}, {' '.join(image.command)}, health check: {' '.join(image.health_check)}"


def size(scene: Scene) -> str:
    """Its bytes."""
    whole, packed, own = scene.image.sizes()
    return (
        f"{whole / MEGABYTE:.0f} MB of files; {packed / MEGABYTE:.0f} MB to send, "
        f"{own / MEGABYTE:.0f} MB of it on top of the base image"
    )


def owners(scene: Scene) -> str:
    """The service owns nothing but its volume, can write to nothing else, and no program lends its owner's rights."""
    count = 0
    for path, status in _files(scene):
        count += 1
        mode = status.st_mode
        assert status.st_uid != 10001 or path == scene.image.volume, f"{path} belongs to the service"
        assert not mode & stat.S_IWOTH or mode & stat.S_ISVTX or stat.S_ISLNK(mode), f"everybody may write {path}"
        assert not (stat.S_ISREG(mode) and mode & (stat.S_ISUID | stat.S_ISGID)), f"{path} lends rights"
    return f"{count} files, all root's but {scene.image.volume}; none setuid or setgid"


def contents(scene: Scene) -> str:
    """No tool to install or compile with, nothing left of the build, no secret, none of this machine's settings."""
    root = scene.image.root
    for path, status in _files(scene):
        name = Path(path).name
        is_program = stat.S_ISREG(status.st_mode) and status.st_mode & stat.S_IXUSR
        assert not (is_program and name in _TOOLS), f"{path} has no business there"
        assert not path.startswith(_BUILD), f"{path} is left of the build"
        assert name not in _SECRETS, f"{path} looks like a secret"
        assert name != "pip.conf" or not status.st_size, f"{path} holds settings of this machine"
    assert not list(root.glob("**/site-packages/pip/__init__.py"))
    assert not list(root.glob("**/dist-packages/pip/__init__.py"))
    history = str(scene.image.description["history"])
    assert "/etc/pip.conf" not in history
    values = {value for name, value in os.environ.items() if "INDEX" in name and value}
    assert not [value for value in values if value in history + str(scene.image.environment)]
    return "no pip, no compiler, nothing left of the build, no secret"


def compiled(scene: Scene) -> str:
    """Every module of the service's and of what it needs is there as bytecode: it cannot be kept later."""
    paths = {Path(path) for path, _ in _files(scene) if path.startswith("/opt/ackbot/lib/")}
    bytecode = {(path.parents[1], path.name.split(".")[0]) for path in paths if path.suffix == ".pyc"}
    modules = {path for path in paths if path.suffix == ".py"}
    missing = {str(path) for path in modules if (path.parent, path.stem.split(".")[0]) not in bytecode}
    assert not missing, sorted(missing)[:5]
    standard = sum(path.endswith(".pyc") for path, _ in _files(scene) if not path.startswith("/opt/ackbot"))
    assert standard > 400
    return f"{len(modules)} modules, and {standard} of the standard library"


def materials(scene: Scene) -> str:
    """Its bill of materials is valid, names Ackbot and what it needs, and is put into build/."""
    text = bill(scene.image.root)
    file = ROOT / "build" / f"ackbot-{__version__}.cdx.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    counts = {kind: text.count(f'"purl": "pkg:{kind}') for kind in ("pypi", "deb")}
    assert f'"pkg:pypi/ackbot@{__version__}"' in text
    assert '"pkg:deb/debian/libc6@' in text
    return f"{counts['pypi']} packages of Python's, {counts['deb']} of Debian's, in build/{file.name}"


def _files(scene: Scene) -> Iterator[tuple[str, os.stat_result]]:
    return ((path, status) for path, status in scene.image.files() if not path.startswith(_ENGINES))


ALL = (description, size, owners, contents, compiled, materials)
