"""How does any tlog client read a log that came in a bundle? Over HTTP on this machine, read-only.

The files of a bundle already have the names of C2SP tlog-tiles: `/checkpoint`, `/tile/…`. Standard
library only, so that an evaluator can serve an archive without unpacking or installing anything.
"""

from __future__ import annotations

from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from audit import layout
from audit.archive import Files
from audit.errors import MalformedBundle


def bundle_server(files: Files, *, port: int) -> ThreadingHTTPServer:
    """A server of the bundle's checkpoint and tiles on the loopback address; call `serve_forever`.

    `port`  0 lets the system choose, `server_port` tells
    Anything else in the bundle is answered 404: disclosures are not for every client on the machine.
    """
    published = {name for name in files.names if name == layout.CHECKPOINT or name.startswith("tile/")}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that http.server asks for
            name = self.path.removeprefix("/")
            try:
                data = files.read(name) if name in published else None
            except MalformedBundle:
                self.send_error(HTTPStatus.INTERNAL_SERVER_ERROR, "the archive is damaged here")
                return
            if data is None:
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            self.send_response(HTTPStatus.OK)
            kind = "text/plain; charset=utf-8" if name == layout.CHECKPOINT else "application/octet-stream"
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # its name in http.server
            """Say nothing: who reads public tiles is nobody's business."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)
