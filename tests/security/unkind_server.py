"""A server that answers as told by the path, and repeats what it was sent: the credentials, in every way of writing."""

import base64
import html
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote


class _Unkind(BaseHTTPRequestHandler):
    """``/401/…``: that status; ``/away/…``: a redirect to another host; ``/page/…``: a login page with status 200."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.headers.get("Authorization")))
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kind = self.path.split("/")[1]
        sent = self.headers.get("Authorization", "")
        said = sent.partition(" ")[2]
        clear = base64.b64decode(said).decode("latin-1") if sent.startswith("Basic") else said
        token = clear.partition(":")[2] or clear
        echo = f"{sent} {clear} {token} {quote(token, safe='')} {html.escape(token)} {token!r}"
        body = json.dumps({"errorMessages": [f"refused {echo}"], "message": f"refused {echo}"})
        status = 302 if kind == "away" else int(kind) if kind.isdigit() else 200
        if kind == "page":
            body = f"<html><h1>Log in</h1> {html.escape(echo)} {echo}</html>"
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if kind == "page" else "application/json")
        self.send_header("Content-Length", str(len(body.encode())))
        if kind == "away":
            self.send_header("Location", f"{self.server.elsewhere}/stolen?token={quote(token, safe='')}")
        self.end_headers()
        self.wfile.write(body.encode())

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """``seen``: path and Authorization header of each request."""

    daemon_threads = True

    def __init__(self, elsewhere: str, context: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Unkind)
        self.seen: list[tuple[str, str | None]] = []
        self.elsewhere = elsewhere
        self.scheme = "http"
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True)
            self.scheme = "https"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: object) -> None:
        """A client that hangs up in a TLS handshake is what some tests are about."""


@contextmanager
def unkind_server(elsewhere: str = "http://127.0.0.1:9", context: ssl.SSLContext | None = None) -> Iterator[Server]:
    server = Server(elsewhere, context)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
