"""What is meant to harm, tried from outside: hostile mail, paths, templates, cookies, size."""

import re
import smtplib
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from email.message import EmailMessage
from urllib.parse import quote

import pytest

from tests.components.browser import chromium, sign_in
from tests.components.officer import Officer
from tests.components.ports import free_port
from tests.components.service import LMTP, ask
from tests.conftest import Needs
from tests.console.conftest import House, house_in, run

PAGE = """<html><head><title>x</title><style>body{display:none}</style></head><body onload="parent.harmed=1">
<h1>Please help</h1><p>The <b>bin</b> was missed.</p><script>parent.harmed=1;alert(1)</script>
<img src="http://127.0.0.1:PORT/pixel.gif"><a href="javascript:alert(1)">here</a>
<form action="/console/sign-out"><input></form><svg><script>parent.harmed=1</script></svg>
<iframe src="/console/people"></iframe><base href="http://evil.example/">
<meta http-equiv="refresh" content="0;url=http://evil.example/">
<link rel=stylesheet href="http://evil.example/x.css"></body></html>"""


@pytest.fixture(scope="module")
def mailed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, str]]:
    """A house into which a hostile mail has come; its reference."""
    port = free_port()
    made = house_in(tmp_path_factory.mktemp("mailed"), LMTP.format(port=port))
    with made.service:
        mail = (
            "From: Eve <eve@residents.example>\r\nTo: customer.services@example.gov.uk\r\nMessage-ID: <1@evil>\r\n"
            "Subject: =?utf-8?q?=3Cscript=3Ealert=281=29=3C/script=3E?=\r\nMIME-Version: 1.0\r\n"
            "Content-Type: text/html; charset=utf-8\r\n\r\n" + PAGE.replace("PORT", str(made.service.web_port)) + "\r\n"
        )
        with smtplib.LMTP("127.0.0.1", port) as post:
            post.sendmail("eve@residents.example", ["customer.services@example.gov.uk"], mail)
        (contact,) = made.call("GET", "/api/v1/contacts?channel=inbox").json["contacts"]
        yield made, contact["reference"]


def test_hostile_markup_is_shown_without_its_teeth(mailed: tuple[House, str]) -> None:
    """Words and structure stay; scripts, styles, pictures, forms, frames and targets are gone."""
    house, reference = mailed
    officer = house.officer("reader")
    frame = officer.get(f"/console/contacts/{reference}").all("iframe")[0]
    assert "sandbox" in frame.attributes
    assert not frame.attributes["sandbox"]
    page = officer.get(str(frame.attributes["src"]))
    assert "Please help" in page.words()
    assert page.all("main b")[0].text() == "bin"
    assert not page.all(
        "main script, main style, main img, main form, main input, main iframe, main svg, base, main meta"
    )
    assert not page.all("[href], [src], [onload], [action]")
    assert "sandbox" in page.headers["content-security-policy"]
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_a_real_browser_loads_and_runs_nothing_of_it(mailed: tuple[House, str], needs: Needs) -> None:
    """Opened in Chromium it asks for nothing but our own pages, and nothing of it runs."""
    needs("chromium")
    house, reference = mailed
    with chromium() as browser:
        context = browser.new_context()
        urls: list[str] = []
        context.on("request", lambda request: urls.append(request.url))
        page = sign_in(context, house.service.web_port, "ada@example.gov.uk")
        page.goto(f"http://127.0.0.1:{house.service.web_port}/console/contacts/{reference}")
        page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true; })")
        page.frame_locator("iframe").get_by_text("Please help").wait_for()
        assert page.evaluate("window.harmed") is None
        assert page.url.endswith(reference)
        context.close()
    assert not [url for url in urls if "pixel" in url or "evil" in url]


@pytest.mark.parametrize(
    "path",
    [
        "/console/templates/en/..%2f..%2f..%2fconfig%2fackbot",
        "/console/templates/%2e%2e/acknowledgement",
        "/console/templates/en/acknowledgement.md",
        "/console/templates/en/%7B%7B7*7%7D%7D",
        "/console/contacts/..%2f..%2fetc%2fpasswd",
        "/console/contacts/%00",
        "/console/contacts/EX-7K3M-9QPH/messages/-1",
        "/console/contacts/EX-7K3M-9QPH/messages/99999999999999999999",
        "/console/contacts/EX-7K3M-9QPH/messages/1/words",
        "/console/contacts/EX-7K3M-9QPH/messages/1/raw",
        "/console/contacts/EX-7K3M-9QPH/events/1",
        "/console/contacts/EX-7K3M-9QPH/sent/1",
        "/console/shunted/0",
        "/console/shunted/1%20OR%201=1",
        "/assets/../../config/ackbot.toml",
        "/assets/..%2f..%2fackbot.db",
    ],
)
def test_paths_lead_to_pages_and_to_nothing_else(mailed: tuple[House, str], path: str) -> None:
    """Whatever is put into an address: a plain page, 404, and nothing of the files beside us."""
    house, _ = mailed
    page = house.officer("lead").get(path)
    assert page.status == 404
    assert "reference_prefix" not in page.text
    assert "49" not in page.words()
    assert "Traceback" not in page.text


def test_numbers_are_numbers_or_nothing(mailed: tuple[House, str]) -> None:
    """Whatever stands where one belongs, also more digits than a database takes: the page as without it."""
    house, _ = mailed
    lead = house.officer("lead")
    csrf = lead.get("/console/queue").hidden()
    for number in ("9" * 20, "9" * 5_000, "-1", "٣", "x", "\0"):
        value = quote(number)
        for path in (
            "queue?page",
            "audit?before",
            "backlog?released",
            "figures?at",
            "figures/contacts?figure=received&page",
        ):
            assert lead.get(f"/console/{path}={value}").status == 200, (path, number[:20])
        assert lead.get(f"/console/shunted/{value}").status == 404
        assert lead.post("/console/views", {**csrf, "drop": number}).status in (200, 409)


def test_what_is_no_reference_is_not_looked_for(mailed: tuple[House, str]) -> None:
    """Among many it is refused by itself, with one line in the audit trail that names what was refused."""
    house, reference = mailed
    lead = house.officer("lead")
    fields = [*lead.get("/console/queue").hidden().items(), ("action", "close"), ("reason", "")]
    page = lead.post("/console/queue", [*fields, ("reference", "a\0b"), ("reference", reference)])
    assert page.status == 409
    assert f"{reference}: it is not answered" in page.words()
    audit = lead.get("/console/audit").words()
    assert f"close: 2 of 2 at once; reason: ab, {reference}" in audit


def test_a_made_up_cookie_and_token_let_nobody_in_and_are_noted(mailed: tuple[House, str]) -> None:
    """They lead to the sign-in, or to a problem, with a line in the audit trail."""
    house, _ = mailed
    stranger = Officer(house.service.web_port)
    for cookie in ("ackbot=x", "ackbot=' OR '1'='1", "ackbot=" + "x" * 4000):
        page = stranger.ask("GET", "/console/people", headers={"Cookie": cookie}, follow=False)
        assert page.status == 303
    assert house.call("GET", "/api/v1/contacts", caller="ackbot_made_up").status == 401
    trail = house.officer("lead").get("/console/audit").words()
    assert "Unknown session" in trail
    assert "Unknown token" in trail


@pytest.mark.parametrize("cookie", ["\xff", "\xed\xa0\x80", "x" * 7000, '"\\377"'])
def test_the_door_knows_a_cookie_that_is_not_its_own(mailed: tuple[House, str], cookie: str) -> None:
    """Bytes that are no text, or too many of them, are replaced by a new one."""
    house, _ = mailed
    page = Officer(house.service.web_port).ask("GET", "/console/sign-in", headers={"Cookie": f"ackbot-door={cookie}"})
    assert page.status == 200
    assert re.match(r"ackbot-door=[\w-]{43};", page.headers["set-cookie"])


def test_a_form_in_an_unknown_coding_is_a_plain_page(mailed: tuple[House, str]) -> None:
    """It cannot be read, and that is said."""
    house, _ = mailed
    body = (
        b'--a\r\nContent-Disposition: form-data; name="csrf"\r\nContent-Transfer-Encoding: bogus\r\n\r\nx\r\n--a--\r\n'
    )
    kind = {"Content-Type": "multipart/form-data; boundary=a"}
    for path in ("sign-in", "people"):
        page = house.officer("administrator").ask("POST", f"/console/{path}", body, kind)
        assert page.status == 400
        assert "could not read" in page.words()


def test_five_megabytes_are_a_plain_page(mailed: tuple[House, str]) -> None:
    """Too much is said to be too much, changes nothing, and leaves a line that says who it was."""
    house, reference = mailed
    officer = house.officer("lead")
    hidden = officer.get(f"/console/contacts/{reference}").hidden()
    page = officer.post(f"/console/contacts/{reference}", {**hidden, "action": "respond", "note": "x" * 5_000_000})
    assert page.status == 413
    assert "too big to send Go back: what you typed is still there. Choose smaller files" in page.words()
    query = "SELECT actor FROM events WHERE kind = 'refused' AND details LIKE '%too big%' ORDER BY id DESC LIMIT 1"
    assert ask(house.service.store_url, query)[0][0] == "staff:lee@example.gov.uk"
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    stranger = Officer(house.service.web_port)
    assert stranger.ask("POST", "/console/sign-in", b"x" * 5_000_000, kind).status == 413
    assert ask(house.service.store_url, query)[0][0] == "nobody"
    assert house.call("GET", f"/api/v1/contacts/{reference}").json["state"] == "open"


def test_a_long_history_stays_a_small_page(mailed: tuple[House, str]) -> None:
    """Long words, many events and long notes are on pages further, each under 100 KB; nothing of them is lost."""
    house, reference = mailed
    officer = house.officer("lead")
    note = {"note": "<&>" * 1_500 + "the end of the note"}
    for _ in range(70):
        assert house.call("POST", f"/api/v1/contacts/{reference}/holding-reply", note).status == 200
    seen, page = 0, officer.get(f"/console/contacts/{reference}")
    while True:
        assert len(page.text.encode()) < 100_000
        seen += sum("Holding reply" in row.text() for row in page.all("table tr"))
        older = page.all("a[rel=next]")
        if not older:
            break
        page = officer.get(f"/console/contacts/{reference}{older[0].attributes['href']}")
    assert seen == 70
    event = next(a for a in officer.get(f"/console/contacts/{reference}").all("a") if "all of it" in a.text())
    assert "the end of the note" in officer.get(str(event.attributes["href"])).words()


def _send(house: House, mail: EmailMessage) -> str:
    """Hand a mail over; the reference of its contact."""
    port = next(int(port) for port in re.findall(r'listen = "127.0.0.1:(\d+)"\naddress', _config(house)))
    with smtplib.LMTP("127.0.0.1", port) as post:
        post.send_message(mail, mail["From"], ["customer.services@example.gov.uk"])
    contacts = house.call("GET", "/api/v1/contacts?channel=inbox").json["contacts"]
    return str(max(contacts, key=lambda contact: contact["received_at"])["reference"])


def _config(house: House) -> str:
    return (house.service.config / "ackbot.toml").read_text(encoding="utf-8")


def _mail(text: str, message_id: str, sender: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, "customer.services@example.gov.uk", "Photos"
    mail["Message-ID"] = f"<{message_id}@residents.example>"
    mail.set_content(text)
    return mail


def test_a_thread_of_long_mails_and_all_the_words_of_one_stay_small(mailed: tuple[House, str]) -> None:
    """Twelve mails of 100 KB: the contact, its older messages, and the words in pieces that make the whole again."""
    house, _ = mailed
    officer = house.officer("lead")
    text = "<Ωé> " * 20_000
    reference = _send(house, _mail(text, "long0", "long@residents.example"))
    for number in range(1, 12):
        mail = _mail(text, f"long{number}", "long@residents.example")
        mail["In-Reply-To"] = "<long0@residents.example>"
        _send(house, mail)
    page = officer.get(f"/console/contacts/{reference}")
    older = officer.get(f"/console/contacts/{reference}?page=2")
    assert [len(view.all("article")) for view in (page, older)] == [10, 2]
    assert all(len(view.text.encode()) < 100_000 for view in (page, older))
    link = next(a for a in older.all("a") if "All of its words" in a.text())
    path, words = str(link.attributes["href"]), ""
    piece = officer.get(path)
    while True:
        assert len(piece.text.encode()) < 100_000
        words += piece.all(".message")[0].text()
        if not (onwards := piece.all("a[rel=next]")):
            break
        piece = officer.get(f"{path}{onwards[0].attributes['href']}")
    assert words.count("<Ωé>") == 20_000


def test_a_file_that_came_is_named_and_can_be_saved(mailed: tuple[House, str]) -> None:
    """Name, type and size on the page; the whole mail as a file that no browser opens; not for another team."""
    house, _ = mailed
    mail = _mail("See the photo.", "photo", "pia@residents.example")
    mail.add_attachment(b"\x89PNG" + b"0" * 2_000, maintype="image", subtype="png", filename="pothole <1>.png")
    reference = _send(house, mail)
    page = house.officer("reader").get(f"/console/contacts/{reference}")
    assert "pothole <1>.png (image/png, 2.0 kB)" in page.words()
    link = next(a for a in page.all("a") if "Save it as it came" in a.text())
    saved = house.officer("reader").get(str(link.attributes["href"]))
    assert "pothole" in saved.text
    assert saved.headers["content-disposition"].startswith(f'attachment; filename="{reference}-')
    assert saved.headers["content-type"] == "application/octet-stream"
    assert saved.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in saved.headers["content-security-policy"]
    house.officer("lead").act(reference, "assign", team="housing")
    assert house.officer("officer").get(str(link.attributes["href"])).status == 404


def test_files_that_came_with_a_mail_are_read(mailed: tuple[House, str]) -> None:
    """Their names and sizes in a list, each as it came; nothing for a message without any, or of another team."""
    house, _ = mailed
    mail = _mail("See the photo.", "photo for programs", "pia@residents.example")
    mail.add_attachment(b"\x89PNG" + b"0" * 2_000, maintype="image", subtype="png", filename="pothole.png")
    reference = _send(house, mail)
    here = f"/api/v1/contacts/{reference}"
    (message,) = house.call("GET", here).json["messages"]
    files = f"{here}/messages/{message['id']}/files"
    assert house.call("GET", files).json["files"] == [
        {"number": 1, "name": "pothole.png", "kind": "image/png", "size": 2_004}
    ]
    content = house.call("GET", f"{files}/1")
    assert (content.status, content.headers["Content-Disposition"][:11]) == (200, "attachment;")
    assert len(content.text.encode("utf-8", "replace")) >= 2_004
    assert [house.call("GET", f"{files}/{number}").status for number in (0, 2, "x")] == [404] * 3
    assert house.call("GET", files, caller="housing").status == 404
    assert house.call("GET", f"{here}/messages/999999/files").status == 404


def test_files_that_wait_for_the_scanner_are_named_and_shut(mailed: tuple[House, str]) -> None:
    """On the page with the reason, without a link; by their addresses and for programs they are not there."""
    house, _ = mailed
    mail = _mail("See the photo.", "photo that waits", "pia@residents.example")
    mail.add_attachment(b"\x89PNG" + b"0" * 2_000, maintype="image", subtype="png", filename="waiting.png")
    reference = _send(house, mail)
    (message,) = house.call("GET", f"/api/v1/contacts/{reference}").json["messages"]
    with closing(sqlite3.connect(house.service.store)) as store, store:
        store.execute("INSERT INTO unscanned_files (message_id, since) VALUES (?, 0)", (message["id"],))
    reader, here = house.officer("reader"), f"/console/contacts/{reference}"
    page = reader.get(here)
    assert "Not scanned yet" in page.words()
    assert "waiting.png (image/png, 2.0 kB)" in page.words()
    assert not [link for link in page.all("a") if "Save" in link.text()]
    for path in (f"{here}/messages/{message['id']}/files/1", f"{here}/messages/{message['id']}/raw"):
        assert reader.get(path).status == 404
    assert house.call("GET", f"/api/v1/contacts/{reference}/messages/{message['id']}/files").json == {"files": []}


def test_a_locked_store_is_a_plain_page_and_a_problem(mailed: tuple[House, str]) -> None:
    """503 with what was typed on the page, 503 as a problem with when to try again; then all goes on."""
    house, reference = mailed
    officer = house.officer("lead")
    page = officer.get(f"/console/contacts/{reference}")
    with closing(sqlite3.connect(house.service.store, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(2) as pool:
            # Both at once: each waits for as long as a lock is waited for.
            posted = pool.submit(officer.act, reference, "holding-reply", page, note="Do not lose this.")
            called = pool.submit(house.call, "POST", "/api/v1/contacts", {"text": "Nor this."})
            refused, answer = posted.result(), called.result()
    assert refused.status == 503
    assert "Do not lose this." in refused.words()
    assert (answer.status, answer.headers["Retry-After"]) == (503, "60")
    assert officer.act(reference, "holding-reply", page).status == 200


URLENCODED = "application/x-www-form-urlencoded"
BROKEN = (
    (f"{URLENCODED}; charset=nope", b"a=b"),
    (URLENCODED, b"a=\xff"),
    ("multipart/form-data", b"a=b"),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: zzz\r\n\r\nb\r\n--x--\r\n',
    ),
    ("text/plain", b"a=b"),
)
# Half a character, as a name and as a value.
HALF = (f"{URLENCODED}; charset=utf-7", b"+2AA-=v&reference=+2AA-&team=+2AA-&scope=+2AA-&need=+2AA-")


@pytest.mark.parametrize("path", ["/alerts/abc", "/console/sign-in", "/console/record", "/"])
@pytest.mark.parametrize(("kind", "body"), [*BROKEN, HALF])
def test_a_broken_form_breaks_nothing(house: House, path: str, kind: str, body: bytes) -> None:
    """Whoever sends it, signed in or not: a plain page, and no error of ours."""
    answer = Officer(house.service.web_port).ask("POST", path, body, {"Content-Type": kind})
    assert 400 <= answer.status < 500
    assert "web.failed" not in house.service.words()


@pytest.mark.parametrize("path", ["/console/queue", "/console/people", "/console/record", "/console/views"])
def test_half_a_character_of_somebody_signed_in_breaks_nothing(house: House, path: str) -> None:
    """Neither what is acted on at once nor what it is refused for; the good ones of a list are done."""
    officer, reference = house.officer("administrator"), house.contact()
    csrf = officer.get("/console/queue").hidden()["csrf"]
    for action in ("respond&note=done", "add&role=reader&address=z@example.gov.uk", "token&name=zz"):
        body = f"csrf={csrf}&action={action}&reference={reference}&".encode() + HALF[1]
        answer = officer.ask("POST", path, body, {"Content-Type": HALF[0]})
        assert answer.status < 500
    assert "web.failed" not in house.service.words()
    if path.endswith("queue"):
        assert house.call("GET", f"/api/v1/contacts/{reference}").json["state"] == "answered"


def test_the_trail_does_not_tell_which_references_there_are(house: House) -> None:
    """Who leads one team finds what they were refused, whether there is such a contact or not."""
    password = house.service.config.parent / "password"
    options = ["--role", "lead", "--team", "housing", "--password-file", str(password)]
    run(house.service, "staff", "add", "lou@example.gov.uk", *options)
    lead, others = Officer(house.service.web_port), house.contact("Not housing's.")
    lead.sign_in("lou@example.gov.uk")
    for reference in (others, "EX-2222-2222"):
        assert lead.get(f"/console/contacts/{reference}").status == 404
    page = lead.get("/console/audit")
    rows = [row.text(separator=" ") for row in page.all("tbody tr") if "Refused" in row.text()]
    assert len(rows) == 2
    assert not [link for link in page.all("main a") if others in str(link.attributes.get("href"))]
