"""A REST service with paths, names and pages of its own, for the tests: it knows nothing of ours."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connectors.contract import shipped
from demo.registers.writing import heading, written
from tests.connectors.contract_text import changed
from vocabulary.codes import Department
from vocabulary.record import Record

PAGE = 7

KEY = "a-key"

OPERATIONS = {
    # By number of page, ids joined; and by a cursor, ids one by one, as POST.
    "zf_fwxx": "{lookup: /fw/find, ids: sfz, join: ',', by: field, all: /fw, rows: data.list, count: data.n, "
    f"page: pageNo, size: {PAGE}}}",
    "zf_zlbt": "{lookup: /bt/find, ids: sfz, by: field, all: /bt, rows: items, method: POST, next: meta.more, "
    "after: from}",
}


def contract_file(folder: Path) -> Path:
    """Housing's contract with a REST service in place of a database."""
    operations = ", ".join(f"{table}: {told}" for table, told in OPERATIONS.items())
    server = "[{property: transport, value: rest}, {property: auth, value: {kind: header, name: X-Api-Key}}, "
    server += (
        f"{{property: describes, value: /openapi.json}}, {{property: operations, value: {{{operations}}}}}]"
    )
    return changed(folder, "housing", "[{property: transport, value: sql}]", server)


@contextmanager
def serving(rows: Mapping[type[Record], Sequence[Record]]) -> Iterator[str]:
    """The service over the rows while the context lasts; gives its address with the key."""
    held = {
        table.physical: [
            dict(zip(heading(table), cells, strict=True)) for cells in written(table, rows[record])
        ]
        for record, table in shipped()[Department.HOUSING].tables.items()
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/openapi.json":
                self._answer(
                    {"openapi": "3.1.0", "info": {"title": "房屋查询", "version": "2.4"}, "paths": {}}
                )
                return
            given = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            found = held["zf_fwxx"]
            if "sfz" in given:
                found = [row for row in found if row[given["field"]] in given["sfz"].split(",")]
            begin = (int(given["pageNo"]) - 1) * PAGE
            part = found[begin : begin + PAGE]
            self._answer({"data": {"list": part, "n": len(part)}})

        def do_POST(self) -> None:
            given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            found = held["zf_zlbt"]
            if "sfz" in given:
                found = [row for row in found if row[given["field"]] in given["sfz"]]
            found = [row for row in found if row["lsh"] > given.get("from", "")]
            more = found[PAGE - 1]["lsh"] if len(found) > PAGE else None
            self._answer({"items": found[:PAGE], "meta": {"more": more}})

        def _answer(self, content: Any) -> None:
            body = json.dumps(content).encode()
            self.send_response(200 if self.headers["X-Api-Key"] == KEY else 401)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{KEY}@127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
