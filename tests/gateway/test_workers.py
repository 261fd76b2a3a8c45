"""Do several processes serve one port, share what they count, and lose nothing that they acknowledged?"""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from audit.catalogue import parse_entry
from demo.registers.systems import write_registers
from demo.story import read_story
from gateway.client import Client, NoAnswer
from gateway.errors import NotListening
from gateway.metrics import _KINDS, FOLDER
from gateway.opening import log_opened
from gateway.persona import PERSONAS, mint
from gateway.settings import Settings
from gateway.workers import _MEMORY, Workers, _held, workers
from vocabulary.register import RECORD_TYPES

ROOT = Path(__file__).parents[2]
STORY = read_story(next((ROOT / "demo" / "stories").glob("h08-*.yaml")))
SERVE = (sys.executable, "-c", "from gateway.command import main; main()", "serve", "--workers", "2")
QUESTION = "query($number: ID) {household(number: $number) {number}}"

pytestmark = pytest.mark.skipif(
    not hasattr(socket, "SO_REUSEPORT"), reason="processes cannot share a port on this system"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    run = tmp_path_factory.mktemp("run")
    rows = {record: [row for row in STORY.records if type(row) is record] for record in RECORD_TYPES}
    write_registers(rows, run / "registers")
    return run


@pytest.fixture(scope="module", autouse=True)
def bare_environment():
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("HEDUI_")]:
            patch.delenv(name)
        yield


@pytest.fixture(scope="module")
def served(folder):
    yield from serving(folder)


def serving(folder):
    """A command that serves with two workers, and its address."""
    process = subprocess.Popen(
        [*SERVE, "--port", "0"],
        env={**os.environ, "HEDUI_RUN_FOLDER": str(folder), "HEDUI_MAX_QUESTIONS_PER_HOUSEHOLD": "100000"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    address = ""
    try:
        address = process.stdout.readline().split()[-1]
        yield process, address
    finally:
        process.kill()
        process.communicate()
        # Whoever is killed leaves its metrics for the next one on its port; here nobody is.
        shutil.rmtree(_MEMORY / f"hedui-metrics-{address.removeprefix('http://').replace(':', '-')}", True)


def asker(folder, address):
    settings = Settings.load(env="dev", run_folder=folder)
    who = PERSONAS["verifier"]
    return Client(address, mint(settings, who, at=datetime.now(UTC)), who.purpose.value, "HD-2026-0001")


def under_load(client, kept, lost, stop):
    """Ask until told to stop; keep what was answered in full, count what was not."""
    while not stop.is_set():
        try:
            kept.append(client.ask(QUESTION, {"number": STORY.household}))
        except NoAnswer as error:
            lost.append(error.status)
            time.sleep(0.02)


def entries_of(folder):
    async def read():
        async with log_opened(Settings.load(env="dev", run_folder=folder)) as log:
            size = int((await log.checkpoint()).splitlines()[1])
            return [parse_entry(entry) for entry in await log.entries(0, size)]

    return asyncio.run(read())


def test_a_worker_that_dies_is_replaced_and_metrics_are_of_all(folder, served):
    process, address = served
    client = asker(folder, address)
    for _ in range(4):
        client.ask(QUESTION, {"number": STORY.household})
    working = children_of(process.pid)
    assert len(working) == 2
    os.kill(working[0], signal.SIGKILL)
    until = time.monotonic() + 240
    while (alive := children_of(process.pid)) == working or len(alive) < 2:
        assert time.monotonic() < until, "no other worker came up"
        time.sleep(0.1)
    answered = ask_patiently(client, until)
    assert answered.data["household"]["number"] == STORY.household
    # The worker that answered counts when it has sent, and the other one may be asked sooner.
    while counted(address, 'hedui_answers_total{path="/graphql",status="200"}') < 5:
        assert time.monotonic() < until, "not all answers were counted"
        time.sleep(0.05)
    assert counted(address, 'hedui_executed_total{how="compiled"}') >= 5
    metrics = _MEMORY / f"hedui-metrics-{address.removeprefix('http://').replace(':', '-')}"
    assert {each.name.rpartition("_")[0] for each in metrics.iterdir()} == {*_KINDS}, "each has its room"


def counted(address, name):
    told = httpx2.get(f"{address}/metrics", trust_env=False).text
    (line,) = [each for each in told.splitlines() if each.startswith(name)]
    return float(line.split()[-1])


def test_a_port_that_is_taken_is_said_plainly(tmp_path, served):
    settings = Settings.load(
        env="dev", run_folder=tmp_path, port=int(served[1].rpartition(":")[2]), workers=2
    )
    with pytest.raises(NotListening, match="expected to listen on"), workers(settings, today=None):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_port_is_had_at_once_after_one_process_has_served_it(tmp_path):
    before = socket.create_server(("127.0.0.1", 0))
    port = before.getsockname()[1]
    with socket.create_connection(("127.0.0.1", port)) as client:
        before.accept()[0].close()  # who closes first lingers
        client.recv(1)
    before.close()
    held = _held(Settings.load(env="dev", run_folder=tmp_path, port=port, workers=2))
    with pytest.raises(OSError, match="in use"):
        socket.create_server(("127.0.0.1", port))
    socket.create_server(("127.0.0.1", port), reuse_port=True).close()
    held.close()


def test_metrics_of_several_do_not_lie_where_a_disk_may_be_full(tmp_path, monkeypatch):
    memory = tmp_path / "memory"
    memory.mkdir()
    monkeypatch.setattr("gateway.workers._MEMORY", memory)
    settings = Settings.load(env="dev", run_folder=tmp_path / "run", workers=2)
    left = memory / "hedui-metrics-127.0.0.1-1"
    left.mkdir()
    (left / "counter_1.db").touch()
    staff = Workers(settings, today=None)
    try:
        staff._prepare(1)
        assert os.environ[FOLDER] == str(left)
        assert not (left / "counter_1.db").exists()
    finally:
        staff.stop()
    assert list(memory.iterdir()) == []
    assert FOLDER not in os.environ


def test_a_stop_under_load_loses_no_acknowledged_answer(folder, served):
    process, address = served
    kept, lost, stop = [], [], threading.Event()
    threads = [
        threading.Thread(target=under_load, args=(asker(folder, address), kept, lost, stop)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 240
    while len(kept) < 40 and time.monotonic() < until:
        time.sleep(0.05)
    before = len(kept)
    process.send_signal(signal.SIGTERM)
    _, logged = process.communicate(timeout=240)
    stop.set()
    for thread in threads:
        thread.join()
    assert process.returncode == 0, logged
    assert before >= 40
    # Nothing was half answered: an answer is whole, or the connection was refused.
    assert set(lost) <= {0}
    entries = entries_of(folder)
    for answer in kept:
        entry = entries[int(answer.receipt.splitlines()[1].split()[1])]
        assert entry.event == "inquiry.outcome"
        assert entry.fields["request"] == answer.extensions["request"]
    intents = {entry.fields["request"] for entry in entries if entry.event == "inquiry.intent"}
    outcomes = {entry.fields["request"] for entry in entries if entry.event == "inquiry.outcome"}
    assert intents == outcomes, "what was begun was finished"
    assert STORY.people["head"].id not in logged


def test_workers_end_when_nobody_watches_them(folder):
    served = serving(folder)
    process, address = next(served)
    working = children_of(process.pid)
    process.kill()
    process.wait()
    until = time.monotonic() + 240
    while any(map(is_running, working)):
        assert time.monotonic() < until, "a worker outlived its parent"
        time.sleep(0.1)
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{address}/healthz", trust_env=False)
    served.close()


def ask_patiently(client, until):
    while True:
        try:
            return client.ask(QUESTION, {"number": STORY.household})
        except NoAnswer:
            assert time.monotonic() < until


def children_of(pid):
    """The worker processes; multiprocessing's own tracker of resources is none."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(each) for each in children if "spawn_main" in command_of(each)]


def command_of(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
