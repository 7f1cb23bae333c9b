"""A real Postfix of our own: one directory, a free port of the loopback, no name server.

with Sink() as sink, Postfix(relay_port=sink.port) as server:
    ...                                      # mail submitted to server.port ends up in sink.mails()
"""

import os
import shutil
import subprocess

from tests.components.daemons import Daemon, Server, program
from tests.components.ports import PATIENCE_SECONDS, free_port

_MAIN = """
compatibility_level = 3.6
queue_directory = {directory}/queue
data_directory = {directory}/data
maillog_file_prefixes = {directory}
maillog_file = {directory}/maillog
daemon_directory = {daemons}
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.council.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
# Tests ask nobody's name server.
disable_dns_lookups = yes
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
local_recipient_maps =
virtual_mailbox_domains = council.test, residents.test
virtual_mailbox_maps = regexp:{directory}/etc/mailboxes
virtual_transport = {transport}
header_checks = regexp:{directory}/etc/headers
relayhost = {relay}
recipient_delimiter = +
smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_tls_security_level = none
smtp_tls_security_level = none
alias_maps =
alias_database =
message_size_limit = 36700160
virtual_mailbox_limit = 0
# What is put off is tried again after two seconds.
minimal_backoff_time = 2s
maximal_backoff_time = 10s
queue_run_delay = 2s
bounce_queue_lifetime = 60s
maximal_queue_lifetime = 120s
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
in_flow_delay = 0
"""

# Postfix's own services without chroot and without those for mail from the command line.
_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
postlog    unix-dgram n - n - 1 postlogd
cleanup    unix n - n - 0 cleanup
qmgr       unix n - n 300 1 qmgr
rewrite    unix - - n - - trivial-rewrite
bounce     unix - - n - 0 bounce
defer      unix - - n - 0 bounce
trace      unix - - n - 0 bounce
proxymap   unix - - n - - proxymap
smtp       unix - - n - - smtp
relay      unix - - n - - smtp
error      unix - - n - - error
retry      unix - - n - - error
discard    unix - - n - - discard
lmtp       unix - - n - - lmtp
anvil      unix - - n - 1 anvil
scache     unix - - n - 1 scache
"""

_MAILBOXES = r"""
/^(contact|housing|bounces)(\+.*)?@council\.test$/ x
/^(resident|away)(\+.*)?@residents\.test$/ x
"""

# The directories of a queue, as Postfix's own installer makes them: name, owner, group, mode.
_QUEUE = (
    *((name, "postfix", "root", 0o700) for name in ("active", "bounce", "corrupt", "defer", "deferred", "hold")),
    *((name, "postfix", "root", 0o700) for name in ("incoming", "private", "saved", "trace", "flush")),
    ("maildrop", "postfix", "postdrop", 0o730),
    ("public", "postfix", "postdrop", 0o710),
    ("pid", "root", "root", 0o755),
)


class Postfix(Server):
    """One Postfix. Mail for council.test and residents.test goes by LMTP to `lmtp_port`, all other to `relay_port`.

    Where a port is not given, mail for that side bounces at once. `drop` is a regular expression of header fields that
    it takes out, as careless forwarders do. Only root may start it.
    """

    def __init__(self, *, lmtp_port: int | None = None, relay_port: int | None = None, drop: str = "$^") -> None:
        """Lay out the directory and choose the port; nothing runs yet."""
        super().__init__("pf")
        self.port = free_port()
        self.log = self.directory / "maillog"
        self._daemons = _postconf("daemon_directory")
        self._lay_out(
            transport=f"lmtp:inet:127.0.0.1:{lmtp_port}" if lmtp_port else "error:5.1.1 nobody is served here",
            relay=f"[127.0.0.1]:{relay_port}" if relay_port else "",
            drop=drop,
        )

    def start(self) -> None:
        """Start and return when SMTP has greeted us. The queue of an earlier start is worked on."""
        self._daemon = Daemon(
            [f"{self._daemons}/master", "-c", self.directory / "etc", "-d"],
            output=self.directory / "start.log",
            ports=[self.port],
        )

    def _lay_out(self, *, transport: str, relay: str, drop: str) -> None:
        for name in ("etc", "queue", "data"):
            (self.directory / name).mkdir()
        shutil.chown(self.directory / "data", "postfix")
        for name, owner, group, mode in _QUEUE:
            path = self.directory / "queue" / name
            path.mkdir()
            shutil.chown(path, owner, group)
            path.chmod(mode)
        files = {
            "main.cf": _MAIN.format(directory=self.directory, daemons=self._daemons, transport=transport, relay=relay),
            "master.cf": _MASTER.format(port=self.port),
            "mailboxes": _MAILBOXES,
            "headers": f"/{drop}/ IGNORE\n",
        }
        for name, text in files.items():
            path = self.directory / "etc" / name
            path.write_text(text, encoding="ascii")
            # Postfix waits up to two seconds for a file as fresh as this to settle: let it look old.
            os.utime(path, (0, 0))


def _postconf(setting: str) -> str:
    """The built-in value of one of Postfix's settings, for instance where this system keeps its daemons."""
    command = [program("postconf"), "-d", "-h", setting]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=True).stdout.strip()
