"""A container of the image as an operator starts it: by a real OCI runtime, as the image's user, without privileges."""

import json
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.image.image import Image

PROFILE = Path("/usr/share/containers/seccomp.json")
CLOCK_TICKS = 100
_ARCHITECTURES = {"amd64": "SCMP_ARCH_X86_64"}
_MOUNTS: list[dict[str, Any]] = [
    {"destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "noexec", "nodev"]},
    {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "strictatime", "mode=755"]},
    {"destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": ["nosuid", "noexec", "nodev", "size=64m"]},
    {
        "destination": "/tmp",
        "type": "tmpfs",
        "source": "tmpfs",
        "options": ["nosuid", "nodev", "mode=1777", "size=64m"],
    },
]


class Container:
    """Its root file system can only be read; `config` is mounted to be read, `volume` to be written."""

    def __init__(self, image: Image, directory: Path, name: str) -> None:
        self.image, self.name = image, name
        self.bundle = directory / name
        self.config, self.volume = directory / "config", directory / "volume"
        self.log = directory / f"{name}.log"
        self._state = directory / "crun"
        self._process: subprocess.Popen[bytes] | None = None
        self.bundle.mkdir()

    def start(self, command: Sequence[str], environment: Mapping[str, str], *, is_configured: bool) -> None:
        """Start this command, or the image's own."""
        specification = self._specification(command or self.image.command, environment)
        specification["mounts"] += [
            _bound("/etc/ackbot", self.config, "ro" if is_configured else "rw"),
            _bound(self.image.volume, self.volume, "rw"),
        ]
        (self.bundle / "config.json").write_text(json.dumps(specification), encoding="utf-8")
        with self.log.open("ab") as words:
            self._process = subprocess.Popen(
                self._crun("run", "--bundle", str(self.bundle), self.name),
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
            )

    def execute(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command in it, as `docker exec` does."""
        return subprocess.run(
            self._crun("exec", "--user", self.image.user, self.name, *command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def healthy(self) -> bool:
        """Whether the image's own health check says so. Raises RuntimeError where the container has ended."""
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError(f"{self.name} ended: {self.log.read_text(encoding='utf-8')[-2000:]}")
        return self.execute(*self.image.health_check).returncode == 0

    @property
    def pid(self) -> int:
        """Its first process, as this machine numbers it."""
        state = subprocess.run(self._crun("state", self.name), capture_output=True, check=True)
        return int(json.loads(state.stdout)["pid"])

    def cpu_seconds(self) -> float:
        """The processor's time that its first process has taken."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS

    def end(self, sign: signal.Signals) -> tuple[int, float]:
        """Send a signal to its first process; return the status and the seconds until it ended."""
        began = time.monotonic()
        subprocess.run(self._crun("kill", self.name, sign.name), check=True)
        return self.wait(), time.monotonic() - began

    def wait(self) -> int:
        """Wait for its end; return its status."""
        assert self._process is not None
        status = self._process.wait(60)
        self._process = None
        return status

    def remove(self) -> None:
        """End it, however it is."""
        if self._process is not None and self._process.poll() is None:
            self.end(signal.SIGKILL)

    def _crun(self, *arguments: str) -> list[str]:
        return ["crun", "--cgroup-manager=disabled", "--root", str(self._state), *arguments]

    def _specification(self, command: Sequence[str], environment: Mapping[str, str]) -> dict[str, Any]:
        user, _, group = self.image.user.partition(":")
        return {
            "ociVersion": "1.0.0",
            "root": {"path": str(self.image.root), "readonly": True},
            "process": {
                "args": command,
                "env": [*self.image.environment, *(f"{name}={value}" for name, value in environment.items())],
                "cwd": self.image.directory,
                "user": {"uid": int(user), "gid": int(group), "umask": 0o022},
                "noNewPrivileges": True,
                "capabilities": {},
            },
            "mounts": [*_MOUNTS],
            "linux": {
                # Network: that of the test, in which there is nothing but the loopback.
                "namespaces": [{"type": kind} for kind in ("pid", "ipc", "uts", "mount")],
                "maskedPaths": ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug", "/sys/firmware"],
                "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
                "seccomp": _system_calls("amd64"),
            },
        }


def _bound(path: str, directory: Path, way: str) -> dict[str, Any]:
    return {"destination": path, "type": "bind", "source": str(directory), "options": ["rbind", way]}


def _system_calls(machine: str) -> dict[str, Any]:
    """The engines' own profile of system calls, for a process without capabilities."""
    profile = json.loads(PROFILE.read_text(encoding="utf-8"))
    rules = []
    for rule in profile["syscalls"]:
        only, never = rule.get("includes") or {}, rule.get("excludes") or {}
        if only.get("caps") or machine not in only.get("arches", [machine]) or machine in never.get("arches", []):
            continue
        rules.append({key: rule[key] for key in ("names", "action", "args", "errnoRet") if rule.get(key) is not None})
    return {
        "defaultAction": profile["defaultAction"],
        "defaultErrnoRet": profile["defaultErrnoRet"],
        "architectures": [_ARCHITECTURES[machine]],
        "syscalls": rules,
    }
