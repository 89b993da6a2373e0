"""Messages over real HTTP and SMTP on loopback."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import ValidationError

from itpm_pipeline.config import MailServer, Notifications
from itpm_pipeline.errors import NotificationError
from itpm_pipeline.notifications.message import LONGEST_LINE, Message
from itpm_pipeline.notifications.send import send

HOSTILE = Message("Run failed: <!channel> & <https://evil.example|PAY>", ("PAY: 401\r\nBcc: all@acme.example\x1b[31m",))
SECRET_PATH = "/services/T0/B0/s3cr3t"


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]  # type: ignore[index]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def webhook(status: int, received: list[dict[str, Any]]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append({"path": self.path, **json.loads(body)})
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"http://127.0.0.1:{port}{SECRET_PATH}"


@contextmanager
def mail_server(received: list[bytes], refused: bytes = b"") -> Iterator[int]:
    """A mail server in few words: enough of RFC 5321 for one message without login."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 loopback\r\n")
            while line := self.rfile.readline():
                if line.upper().startswith(b"DATA"):
                    self.wfile.write(b"354 go on\r\n")
                    lines = []
                    while (line := self.rfile.readline()) != b".\r\n":
                        lines.append(line)
                    received.append(b"".join(lines))
                    self.wfile.write(b"250 taken\r\n")
                elif line.upper().startswith(b"QUIT"):
                    self.wfile.write(b"221 bye\r\n")
                    return
                elif refused and refused in line:
                    self.wfile.write(b"550 no such person\r\n")
                else:
                    self.wfile.write(b"250 fine\r\n")

    with serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)) as port:
        yield port


def mail(port: int, *to: str) -> Notifications:
    return Notifications.model_validate({"email": {
        "server": "127.0.0.1", "port": port, "encryption": "none", "sender": "itpm@acme.example",
        "to": to or ("pmo@acme.example",),
    }})  # fmt: skip


def test_a_webhook_gets_text_that_is_no_markup():
    received: list[dict[str, Any]] = []
    with webhook(200, received) as address:
        send(HOSTILE, Notifications.model_validate({"webhook": address}))
    (body,) = received
    assert body["path"] == SECRET_PATH
    assert body["text"].splitlines() == [
        "Run failed: &lt;!channel&gt; &amp; &lt;https://evil.example|PAY&gt;", "PAY: 401 Bcc: all@acme.example [31m"
    ]  # fmt: skip
    assert "<" not in body["text"]


@pytest.mark.parametrize(("status", "words"), [(404, "answered 404"), (500, "answered 500"), (302, "answered 302")])
def test_a_webhook_that_refuses_is_told_without_its_address(status, words):
    with webhook(status, []) as address, pytest.raises(NotificationError, match=words) as caught:
        send(HOSTILE, Notifications.model_validate({"webhook": address}))
    assert "s3cr3t" not in str(caught.value)


def test_a_mail_has_one_subject_line_and_no_forged_headers():
    received: list[bytes] = []
    with mail_server(received) as port:
        send(HOSTILE, mail(port, "pmo@acme.example", "cto@acme.example"))
    (text,) = received
    headers, _, body = text.partition(b"\r\n\r\n")
    assert b"\nBcc:" not in headers
    assert b"To: pmo@acme.example, cto@acme.example" in headers
    assert b"\nBcc:" not in body
    assert b"\x1b" not in text


def test_one_way_that_fails_does_not_keep_the_other_from_being_tried():
    received: list[bytes] = []
    with mail_server(received) as port:
        both = mail(port).model_copy(update={"webhook": Notifications(webhook="http://127.0.0.1:9/s3cr3t").webhook})
        with pytest.raises(NotificationError, match="webhook could not be reached") as caught:
            send(HOSTILE, both)
    assert len(received) == 1
    assert "s3cr3t" not in str(caught.value)


def test_a_refused_recipient_and_a_silent_server_are_told():
    with (
        mail_server([], refused=b"gone@") as port,
        pytest.raises(NotificationError, match=r"refused gone@acme\.example"),
    ):
        send(HOSTILE, mail(port, "pmo@acme.example", "gone@acme.example"))
    with pytest.raises(NotificationError, match="refused or failed"):
        send(HOSTILE, mail(port))


def test_long_lines_are_cut():
    assert len(Message("x" * 1000).to_text().splitlines()[0]) == LONGEST_LINE


def test_nothing_is_sent_by_default():
    assert not Notifications().is_on
    send(HOSTILE, Notifications())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"user": "itpm"}, "both user and password"),
        ({"user": "itpm", "password": "x", "encryption": "none"}, "unencrypted"),
        ({"to": []}, "at least 1"),
    ],
)
def test_settings_that_cannot_work_are_refused(change, words):
    given = {"server": "smtp.acme.example", "sender": "a@b.example", "to": ["c@d.example"], **change}
    with pytest.raises(ValidationError, match=words):
        MailServer.model_validate(given)
