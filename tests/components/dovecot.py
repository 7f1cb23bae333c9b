"""A real Dovecot of our own: IMAP with and without TLS, LMTP in, one directory, free ports of the loopback.

    with Dovecot() as server:
        server.deliver(raw)                      # by LMTP, into contact@council.test
        IMAPClient("127.0.0.1", server.imap_port, ssl=False).login("contact@council.test", "secret")

Dovecot holds IDLE news back for 500 ms: no test may expect to hear of a mail sooner.
"""

import os
import shutil
import smtplib
import subprocess
from pathlib import Path

from tests.components.certificates import make_certificate
from tests.components.daemons import Daemon, Server, program
from tests.components.ports import PATIENCE_SECONDS, free_port, wait_until

CONTACT, HOUSING, AWAY = "contact@council.test", "housing@council.test", "away@residents.test"

_CONFIGURATION = """
base_dir = {directory}/run
state_dir = {directory}/state
instance_name = t{imap_port}
log_path = {directory}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{directory}/tls.crt
ssl_key = <{directory}/tls.key
disable_plaintext_auth = no
auth_mechanisms = plain login
# A wrong password is answered at once, and costs the next attempts nothing.
auth_failure_delay = 0
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
first_valid_uid = 1
mail_location = maildir:~/Maildir
mail_max_userip_connections = 200
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Sent {{
    auto = subscribe
    special_use = \\Sent
  }}
  {junk}
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {directory}/users
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={directory}/mail/%u
}}
service imap-login {{
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp_port}
  }}
}}
protocol lmtp {{
  mail_plugins = sieve
  postmaster_address = postmaster@council.test
  submission_host = 127.0.0.1:{submission_port}
}}
plugin {{
  sieve = file:~/sieve;active=~/.dovecot.sieve
}}
recipient_delimiter = +
"""

# What a server offers that cannot push news: everything a listener may want but IDLE and NOTIFY.
_WITHOUT_IDLE = "imap_capability = IMAP4rev1 LITERAL+ ENABLE UIDPLUS ESEARCH SPECIAL-USE CONDSTORE\n"

# Access tokens beside passwords; Dovecot asks the token server (RFC 7662) about each.
_OAUTH = """
auth_mechanisms = plain login {mechanisms}
passdb {{
  driver = oauth2
  mechanisms = {mechanisms}
  args = {directory}/oauth2.conf.ext
}}
"""
_INTROSPECTION = """
introspection_url = {url}
introspection_mode = post
username_attribute = username
active_attribute = active
active_value = true
"""

_OUT_OF_OFFICE = 'require ["vacation"];\nvacation :days 1 :subject "Out of office" "I am away until Monday.";\n'


class Dovecot(Server):
    """One Dovecot. The users contact@ and housing@council.test and away@residents.test have the password "secret".

    `idle=False` makes it a server that cannot push news. `junk` is a folder that it marks as such.
    `submission_port` is the SMTP server by which
    away@residents.test's out-of-office replies leave. `introspection` is the URL at which a token server tells whether
    an access token is good: with it users may log in by `mechanisms`, too. Only root may start it.
    """

    def __init__(
        self,
        *,
        idle: bool = True,
        junk: str = "",
        submission_port: int | None = None,
        introspection: str = "",
        mechanisms: str = "xoauth2 oauthbearer",
    ) -> None:
        """Lay out the directory and choose the ports; nothing runs yet."""
        super().__init__("dc")
        self.imap_port, self.imaps_port, self.lmtp_port = free_port(), free_port(), free_port()
        self.certificate = self.directory / "tls.crt"
        self.log = self.directory / "dovecot.log"
        self._passwords = dict.fromkeys((CONTACT, HOUSING, AWAY), "secret")
        self._configuration = self.directory / "dovecot.conf"
        self._junk = f"mailbox {junk} {{\n auto = subscribe\n special_use = \\Junk\n }}" if junk else ""
        self._lay_out(idle=idle, submission_port=submission_port or free_port())
        if introspection:
            self._take_tokens(introspection, mechanisms)

    def start(self) -> None:
        """Start and return when IMAP and LMTP have greeted us (about 0.1 s)."""
        # A socket left by an earlier start would make every first login and delivery wait for 5 s.
        shutil.rmtree(self.directory / "run", ignore_errors=True)
        (self.directory / "run").mkdir()
        self._daemon = Daemon(
            ["dovecot", "-F", "-c", self._configuration],
            output=self.log,
            ports=(self.imap_port, self.lmtp_port),
        )

    def deliver(self, raw: bytes, to: str = CONTACT, mail_from: str = "resident@example.test") -> None:
        """Hand one mail over by LMTP; returns when it is in the mailbox. A null sender is ""."""
        with smtplib.LMTP("127.0.0.1", self.lmtp_port) as lmtp:
            lmtp.sendmail(mail_from, [to], raw)

    def set_password(self, user: str, password: str) -> None:
        """Give a user another password (or make a user); returns when it is in force, within about a second."""
        self._passwords[user] = password
        self._write_users()
        # Dovecot looks at the file once a second at most.
        wait_until(
            lambda: not self.doveadm("auth", "test", user, password, check=False).returncode,
            what=f"the new password of {user}",
        )

    def mailbox_path(self, user: str = CONTACT) -> Path:
        """The Maildir of this user (new/, cur/, .Sent/, ...); made by the first delivery or login."""
        return self.directory / "mail" / user / "Maildir"

    def change_uidvalidity(self, user: str = CONTACT, folder: str = "INBOX") -> None:
        """Give a folder another UIDVALIDITY, as a mailbox restored from a backup has."""
        output = self.doveadm("-f", "flow", "mailbox", "status", "-u", user, "uidvalidity", folder).stdout
        present = int(output.decode().rpartition("=")[2])
        self.doveadm("mailbox", "update", "-u", user, "--uid-validity", str(present + 1), folder)

    def doveadm(self, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[bytes]":
        """Run Dovecot's administration command on this server; raises with its words where `check`."""
        done = subprocess.run(
            [program("doveadm"), "-c", str(self._configuration), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        if check and done.returncode:
            raise RuntimeError(f"doveadm {arguments}: {done.stderr.decode(errors='replace')}")
        return done

    def _lay_out(self, *, idle: bool, submission_port: int) -> None:
        for name in ("mail", f"mail/{AWAY}", "state"):
            (self.directory / name).mkdir()
        (self.directory / f"mail/{AWAY}/.dovecot.sieve").write_text(_OUT_OF_OFFICE, encoding="ascii")
        for path in (self.directory / "mail").rglob("*"):
            shutil.chown(path, "mail", "mail")
        shutil.chown(self.directory / "mail", "mail", "mail")
        make_certificate(
            self.certificate,
            key=self.directory / "tls.key",
            name="localhost",
            alternatives=["DNS:localhost", "IP:127.0.0.1"],
        )
        self._write_users()
        values = {
            "directory": self.directory,
            "imap_port": self.imap_port,
            "imaps_port": self.imaps_port,
            "lmtp_port": self.lmtp_port,
            "submission_port": submission_port,
            "junk": self._junk,
        }
        text = _CONFIGURATION.format(**values) + ("" if idle else _WITHOUT_IDLE)
        self._configuration.write_text(text, encoding="ascii")

    def _take_tokens(self, introspection: str, mechanisms: str) -> None:
        settings = _INTROSPECTION.format(url=introspection)
        (self.directory / "oauth2.conf.ext").write_text(settings, encoding="ascii")
        with self._configuration.open("a", encoding="ascii") as configuration:
            configuration.write(_OAUTH.format(directory=self.directory, mechanisms=mechanisms))

    def _write_users(self) -> None:
        lines = [f"{user}:{{PLAIN}}{password}" for user, password in self._passwords.items()]
        users = self.directory / "users"
        fresh = self.directory / "users.new"
        fresh.write_text("\n".join(lines) + "\n", encoding="utf-8")
        if users.exists():
            # Dovecot tells a changed file by its size and whole seconds: let no change fall into one second.
            later = users.stat().st_mtime + 1
            os.utime(fresh, (later, later))
        fresh.replace(users)
