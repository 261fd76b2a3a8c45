"""The social security register of the demo: an HTTP service in a process of its own.

It knows nothing of hedui. It serves what its own database holds, by its own names, in pages,
to whoever has the key, on the loopback only:

    python -m demo.registers.social_security --folder registers --port 0

The key is the first line of its standard input; it prints its port as `{"port": 41234}` and
ends when standard input ends, so that it never outlives whoever started it.
"""

from __future__ import annotations

import argparse
import hmac
import json
import socket
import sqlite3
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

FILE = "social_security.sqlite"

PAGE_ROWS = 5_000

VERSION = "demo 金保 service 1"

MOST_IDS = 1_000


class Service:
    """Answers questions about one database to whoever has `key`."""

    def __init__(self, file: Path, *, key: str) -> None:
        self._uri = f"file:{quote(str(file))}?mode=ro"
        self._key = key
        self._tables = self._catalogue()
        self.app = Starlette(
            routes=[
                Route("/v1", self.version, methods=["GET"]),
                Route("/v1/batch", self.batch, methods=["POST"]),
                Route("/v1/{table}/query", self.query, methods=["POST"]),
                Route("/v1/{table}/snapshot", self.snapshot, methods=["POST"]),
            ]
        )

    async def version(self, request: Request) -> Response:
        """Tell what this service is."""
        self._check_key(request)
        return Response(msgspec.json.encode({"version": VERSION}), media_type="application/json")

    async def query(self, request: Request) -> Response:
        """Give the rows of those subjects whose `by` is one of `ids`."""
        question = await self._question(request)
        return _sent(self._found(request.path_params["table"], question))

    async def batch(self, request: Request) -> Response:
        """Give the first page of each of several such questions."""
        questions = (await self._question(request)).get("questions")
        if not isinstance(questions, list) or not all(isinstance(one, dict) for one in questions):
            raise HTTPException(400)
        return _sent({"pages": [self._found(one.get("table"), one) for one in questions]})

    async def snapshot(self, request: Request) -> Response:
        """Give every row of a table."""
        return _sent(self._page(request.path_params["table"], await self._question(request)))

    async def _question(self, request: Request) -> Mapping[str, object]:
        """Check the key before anything is read."""
        self._check_key(request)
        try:
            question = json.loads(await request.body())
        except ValueError:
            raise HTTPException(400) from None
        if not isinstance(question, dict):
            raise HTTPException(400)
        return question

    def _check_key(self, request: Request) -> None:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self._key}".encode()):
            raise HTTPException(401)

    def _found(self, table: object, question: Mapping[str, object]) -> Mapping[str, object]:
        by, ids = question.get("by"), question.get("ids")
        if not isinstance(ids, list) or len(ids) > MOST_IDS:
            raise HTTPException(400)
        return self._page(table, question, by=by, ids=ids)

    def _page(
        self,
        table: object,
        question: Mapping[str, object],
        *,
        by: object = None,
        ids: Sequence[str] | None = None,
    ) -> Mapping[str, object]:
        if not isinstance(table, str):
            raise HTTPException(400)
        fields = self._known(table, question.get("fields"))
        key, after = self._tables[table][0], question.get("after")
        # The plus keeps SQLite on the index of the subject: it would walk the key's instead.
        plus = "" if ids is None else "+"
        conditions, given = ["1"], []
        if after is not None:
            conditions.append(f'{plus}"{key}" > ?')
            given.append(str(after))
        if ids is not None:
            (column,) = self._known(table, [by])
            conditions.append(f'"{column}" IN (SELECT value FROM json_each(?))')
            given.append(json.dumps(ids))
        selected = ", ".join(f'"{name}"' for name in [*fields, key])
        statement = (
            f'SELECT {selected} FROM "{table}" WHERE {" AND ".join(conditions)} '
            f'ORDER BY {plus}"{key}" LIMIT {PAGE_ROWS + 1}'
        )
        with closing(sqlite3.connect(self._uri, uri=True)) as database:
            found = database.execute(statement, given).fetchall()
        rows = [dict(zip(fields, row[:-1], strict=True)) for row in found[:PAGE_ROWS]]
        following = found[PAGE_ROWS - 1][-1] if len(found) > PAGE_ROWS else None
        return {"count": len(rows), "rows": rows, "next": following}

    def _known(self, table: str, names: object) -> list[str]:
        """Check names against the catalogue: only what is there gets into a statement."""
        if table not in self._tables:
            raise HTTPException(404)
        if not isinstance(names, list) or not names or not set(names) <= set(self._tables[table]):
            raise HTTPException(400)
        return names

    def _catalogue(self) -> dict[str, list[str]]:
        """Give the columns of every table, the key first."""
        with closing(sqlite3.connect(self._uri, uri=True)) as database:
            names = [
                name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            ]
            return {
                name: [column for (column,) in database.execute(_COLUMNS, (name,)).fetchall()]
                for name in names
            }


def _sent(content: Mapping[str, object]) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")


_COLUMNS = "SELECT name FROM pragma_table_info(?) ORDER BY pk = 0, cid"


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(description="the demo's social security register")
    parser.add_argument("--folder", type=Path, required=True, help="where its database lies")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    options = parser.parse_args()
    service = Service(options.folder / FILE, key=sys.stdin.readline().strip())
    listening = socket.create_server(("127.0.0.1", options.port))
    server = uvicorn.Server(uvicorn.Config(service.app, log_level="warning", access_log=False))
    threading.Thread(target=_end_with_input, args=(server,), daemon=True).start()
    print(json.dumps({"port": listening.getsockname()[1]}), flush=True)
    server.run(sockets=[listening])


def _end_with_input(server: uvicorn.Server) -> None:
    sys.stdin.read()
    server.should_exit = True


if __name__ == "__main__":
    main()
