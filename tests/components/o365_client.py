"""What O365, a client of Microsoft Graph that is not ours, finds in a mailbox and sends from it; run in its own
environment.

    .cache/o365/bin/python tests/components/o365_client.py URL MAILBOX TENANT CLIENT SECRET

It gets a token, reads the folders and the messages of the inbox page by page, the newest as MIME, sends a mail, and
shows it all as JSON.
"""

import json
import sys
from typing import Any

import requests
from O365 import Account, MSGraphProtocol  # type: ignore[import-not-found]

PAGE = 3


def main(base: str, mailbox: str, tenant: str, client: str, secret: str) -> None:
    """Do it, and show it."""

    class Local(MSGraphProtocol):  # type: ignore[misc]
        _protocol_url = f"{base}/"

    account = Account(
        (client, secret), auth_flow_type="credentials", tenant_id=tenant, protocol=Local(), main_resource=mailbox
    )
    connection = account.connection
    connection.session = connection.get_session(load_token=False)
    connection.update_session_auth_header(_token(base, tenant, client, secret))
    box = account.mailbox()
    folders = [folder.name for folder in box.get_folders()]
    messages = list(box.inbox_folder().get_messages(limit=None, batch=PAGE))
    letter = account.new_message()
    letter.to.add("pat@residents.example")
    letter.subject, letter.body = "By O365", "Hello."
    is_accepted = letter.send(save_to_sent_folder=True)
    show: dict[str, Any] = {
        "folders": folders,
        "subjects": [message.subject for message in messages],
        "senders": [message.sender.address for message in messages],
        "mime": messages[0].get_mime_content().decode(),
        "accepted": is_accepted,
        "sent": [message.subject for message in box.sent_folder().get_messages()],
    }
    sys.stdout.write(json.dumps(show))


def _token(base: str, tenant: str, client: str, secret: str) -> str:
    """O365 would ask MSAL, which takes no address without TLS."""
    form = {
        "grant_type": "client_credentials",
        "client_id": client,
        "client_secret": secret,
        "scope": f"{base}/.default",
    }
    answer = requests.post(f"{base}/{tenant}/oauth2/v2.0/token", data=form, timeout=30)
    answer.raise_for_status()
    return str(answer.json()["access_token"])


if __name__ == "__main__":
    main(*sys.argv[1:])
