"""What does an evaluator type? `python -m audit …`, with the standard library and `cryptography` only.

Exit codes: 0 nothing is wrong; 1 something is, each fault is listed; 2 the question cannot be answered.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from audit.archive import open_files
from audit.disclosure import EvaluatorSecret, Exchange
from audit.errors import AuditError, MalformedBundle
from audit.layout import HEADER
from audit.report import Report
from audit.serve_bundle import bundle_server
from audit.statement import Statement, describe, verify_statement
from audit.verify import examine_bundle

GOOD, WRONG, UNANSWERED = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    given = _parser().parse_args(arguments)
    try:
        code: int = given.run(given)
    except (AuditError, OSError) as error:
        print(f"cannot answer: {type(error).__name__}: {error}", file=sys.stderr)
        return UNANSWERED
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m audit", description="check evidence without trusting its maker"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    verify = commands.add_parser("verify", help="check an evidence bundle, list every fault")
    verify.add_argument("bundle", type=Path, help="zip archive, or the directory it was unpacked to")
    verify.add_argument("--policy", type=Path, help="your own tlog-policy: the log's key and the witnesses")
    verify.add_argument("--key", type=Path, help="your private key, to open sealed disclosures")
    verify.add_argument("--since", type=Path, help="a checkpoint you kept: the log must continue it")
    verify.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes to hash with")
    verify.add_argument("--json", action="store_true", help="print one JSON object")
    verify.set_defaults(run=_verify)
    statement = commands.add_parser(
        "statement", help="check a statement of who looked at a person, and print it"
    )
    statement.add_argument("file", type=Path, help="the statement")
    statement.add_argument("--policy", type=Path, required=True, help="your own tlog-policy")
    statement.add_argument("--bundle", type=Path, help="a bundle of the whole log, to find accesses left out")
    statement.set_defaults(run=_statement)
    serve = commands.add_parser("serve", help="serve the log in a bundle to any tlog client on this machine")
    serve.add_argument("bundle", type=Path, help="a bundle of the whole log")
    serve.add_argument("--port", type=int, default=8000, help="on the loopback address; 0 chooses one")
    serve.set_defaults(run=_serve)
    key = commands.add_parser("key", help="make a key that disclosures can be sealed to")
    key.add_argument("file", type=Path, help="where the private key goes; must not exist")
    key.add_argument("--post-quantum", action="store_true", help="ML-KEM-768 with X25519")
    key.set_defaults(run=_key)
    return parser


def _verify(given: argparse.Namespace) -> int:
    if not given.bundle.exists():
        raise FileNotFoundError("expected a bundle at the path given")
    if given.bundle.is_dir() and not (given.bundle / HEADER).is_file():
        # Any other folder would be called wrong file by file.
        raise MalformedBundle(f"expected a bundle, got a folder without `{HEADER}`")
    policy = _text(given.policy) if given.policy else None
    secret = EvaluatorSecret.parse(_text(given.key)) if given.key else None
    earlier = given.since.read_bytes() if given.since else None
    report = examine_bundle(
        given.bundle, policy=policy, secret=secret, earlier=earlier, jobs=max(1, given.jobs)
    )
    print(_as_json(report) if given.json else _as_text(report))
    return WRONG if report.problems else GOOD


def _statement(given: argparse.Namespace) -> int:
    data = given.file.read_bytes()
    problems = verify_statement(data, policy=_text(given.policy), bundle=given.bundle)
    for problem in problems:
        print(f"WRONG      {problem}")
    if not problems:  # what is not proven is not shown
        print("\n".join(describe(Statement.parse(data))))
    if given.bundle is None:
        print("NOTE       without a bundle of the whole log nobody can tell whether an access was left out")
    return WRONG if problems else GOOD


def _serve(given: argparse.Namespace) -> int:
    with bundle_server(open_files(given.bundle), port=given.port) as server:
        print(f"http://127.0.0.1:{server.server_port}/checkpoint", flush=True)
        with suppress(KeyboardInterrupt):
            server.serve_forever()
    return GOOD


def _key(given: argparse.Namespace) -> int:
    secret = EvaluatorSecret.generate(Exchange.ML_KEM_768_X25519 if given.post_quantum else Exchange.X25519)
    handle = os.open(given.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(secret.export() + "\n")
    print(secret.public_key())
    return GOOD


def _text(path: Path) -> str:
    """A file's text; bytes that are no UTF-8 are kept, for the parser to refuse."""
    return path.read_bytes().decode("utf-8", "surrogateescape")


def _as_text(report: Report) -> str:
    lines = [f"log        {report.origin or 'unknown'}, {report.size} entries"]
    lines.append(f"checked    {report.entries} entries, {'the whole log' if report.whole else 'single ones'}")
    lines.append(f"witnesses  {', '.join(report.witnesses) or 'none required'}")
    lines.append(f"disclosed  {report.disclosures} fields{', others sealed' if report.sealed else ''}")
    if report.drawn is not None:
        lines.append(f"sample     {report.drawn} entries, drawn again with the same result")
    if report.unanswered:
        lines.append(f"note       {report.unanswered} inquiries have neither outcome nor refusal")
    if not report.trusted:
        lines.append(
            "WARNING    no policy of yours was given: the key in the bundle proves nothing by itself"
        )
    lines += [f"WRONG      {problem}" for problem in report.problems]
    many = len(report.problems)
    faults = "1 fault" if many == 1 else f"{many} faults"
    lines.append(f"result     {faults if many else 'nothing is wrong'}")
    return "\n".join(lines)


def _as_json(report: Report) -> str:
    found = {name: value for name, value in vars(report).items() if not name.startswith("_")}
    found["problems"] = [problem._asdict() for problem in report.problems]
    return json.dumps(found, ensure_ascii=False, sort_keys=True)
