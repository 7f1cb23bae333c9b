"""The service in the image: well, shut in, killed, started again on its volume, and ended."""

import signal
from pathlib import Path

from bot import __version__
from tests.components.form import send_form
from tests.components.ports import wait_until
from tests.image.scene import SMTP_PORT, Scene

BY_FORM, BY_MAIL = "sam@residents.example", "alex@residents.example"
LONGEST_END_SECONDS = 20  # stop_grace_period in deploy/compose.yaml
_ANSWERS = (
    *(
        "--name",
        "Exampleshire Council",
        "--phone",
        "0300 123 2224",
        "--website",
        "https://www.example.gov.uk",
        "--store",
        "sqlite:////var/lib/ackbot/ackbot.db",
    ),
    *("--mail", "lmtp", "--smtp", f"127.0.0.1:{SMTP_PORT}"),
    *("--address", "customer.services@example.gov.uk", "--alert", "front.office@example.gov.uk"),
)
_TRY = "import sys; open(sys.argv[1], 'w').close()"
_ACKNOWLEDGED = "select count(*) from contacts where acknowledged_at is not null"


def version(scene: Scene) -> str:
    """The entry point is `ackbot`, and says its version."""
    words = scene.run("ackbot", "--version")
    assert words == f"ackbot {__version__}"
    return words


def configured(scene: Scene) -> str:
    """Who has nothing but the image makes a configuration with it, and it is good."""
    scene.run("ackbot", "init", "/etc/ackbot", *_ANSWERS, "--yes", is_configured=False)
    return scene.run("ackbot", "check").partition("\n")[0]


def unwell(scene: Scene) -> str:
    """The health check says no where nothing answers."""
    container = scene.start(*scene.image.health_check)
    status, words = container.wait(), container.log.read_text(encoding="utf-8")
    assert status == 1
    assert "Connection refused" in words
    return f"status {status}: connection refused"


def well(scene: Scene) -> str:
    """The service starts, and the health check says yes."""
    container = scene.start_well()
    return f"after {container.cpu_seconds():.2f} s of CPU"


def shut_in(scene: Scene) -> str:
    """It runs as its user, without capabilities, without a way to more, and under the engines' list of system calls."""
    text = Path(f"/proc/{scene.container.pid}/status").read_text(encoding="utf-8")
    status = dict(line.split(":\t", 1) for line in text.splitlines())
    assert set(status["Uid"].split()) == {"10001"}
    assert set(status["Gid"].split()) == {"10001"}
    assert int(status["CapPrm"], 16) == int(status["CapBnd"], 16) == 0
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
    return "uid 10001, no capabilities, no new privileges, seccomp"


def writing(scene: Scene) -> str:
    """It can write to its volume and to /tmp, and nowhere else."""
    open_paths = ["/var/lib/ackbot/x", "/tmp/x"]
    closed_paths = ["/x", "/etc/ackbot/x", "/opt/ackbot/x", "/usr/local/bin/x", "/var/tmp/x", "/root/x"]
    answers = {path: scene.container.execute("python", "-c", _TRY, path) for path in (*open_paths, *closed_paths)}
    assert [path for path, answer in answers.items() if answer.returncode == 0] == open_paths
    reasons = {answers[path].stderr.strip().rpartition("] ")[2].partition(":")[0] for path in closed_paths}
    return f"{', '.join(open_paths)}; not {', '.join(closed_paths)} ({', '.join(sorted(reasons))})"


def contact(scene: Scene) -> str:
    """Who fills in the form is acknowledged."""
    status, _ = send_form(scene, "The lamp in our street is broken.", email=BY_FORM)
    assert status == 200
    wait_until(lambda: scene.postbox.recipients == [BY_FORM], what="the acknowledgement")
    return "1 by the form, 1 acknowledgement"


def killed(scene: Scene) -> str:
    """The service is killed after it took a mail, while the mail server is away; on the same volume it begins again."""
    scene.close_postbox()
    scene.hand_in(BY_MAIL, "A hole in the road")
    status, _ = scene.container.end(signal.SIGKILL)
    assert status == 128 + signal.SIGKILL
    assert scene.postbox.recipients == [BY_FORM]
    scene.open_postbox()
    scene.start_well()
    wait_until(lambda: len(scene.postbox.recipients) == 2, what="the second acknowledgement")
    wait_until(lambda: scene.ask(_ACKNOWLEDGED) == [(2,)], what="that both are acknowledged in the store")
    return "both contacts are there, the second is acknowledged"


def ended(scene: Scene) -> str:
    """SIGTERM ends it in time with status 0, and nobody has been answered twice."""
    status, seconds = scene.container.end(signal.SIGTERM)
    assert status == 0
    assert seconds < LONGEST_END_SECONDS
    assert sorted(scene.postbox.recipients) == sorted([BY_FORM, BY_MAIL]), scene.postbox.recipients
    return f"status 0 after {seconds:.1f} s; one acknowledgement each"


def bytecode(scene: Scene) -> str:
    """What Python imports is there compiled: without it the same start takes far longer."""
    container = scene.start_well()
    with_it = container.cpu_seconds()
    container.end(signal.SIGKILL)
    container = scene.start_well(environment={"PYTHONPYCACHEPREFIX": "/nowhere"})
    without = container.cpu_seconds()
    container.end(signal.SIGKILL)
    return f"start with it {with_it:.2f} s of CPU, without {without:.2f} s"


ALL = (version, configured, unwell, well, shut_in, writing, contact, killed, ended, bytecode)
