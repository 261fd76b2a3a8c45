"""Is counted what happens, for all to read, without anything that came in?"""

import os

import pytest

from gateway.errors import CannotOpen
from gateway.metrics import FOLDER, ROOM_BYTES, room_to_count
from tests.gateway.desk import at_desk
from tests.gateway.rows import HEAD, ROWS

QUESTION = '{household(number: "H-1") {members {insurance {count}}}}'


def metrics_after(folder, ask):
    async def test(desk):
        answers = await ask(desk)
        told = await desk.client.get("/metrics")
        return answers, told

    return at_desk(folder, ROWS, test)


def values(told):
    lines = [line.rsplit(" ", 1) for line in told.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def test_answers_refusals_sources_and_times_are_counted(tmp_path):
    async def ask(desk):
        await desk.ask(QUESTION)
        await desk.ask("{salary}")
        await desk.ask(QUESTION, headers={"content-type": "application/json"})

    _, told = metrics_after(tmp_path, ask)
    assert told.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = values(told)
    assert found['hedui_answers_total{path="/graphql",status="200"}'] == 1
    assert found['hedui_answers_total{path="/graphql",status="400"}'] == 1
    assert found['hedui_answers_total{path="/graphql",status="401"}'] == 1
    assert found['hedui_refused_total{code="BAD_DOCUMENT"}'] == 1
    assert found['hedui_refused_total{code="NOT_AUTHENTICATED"}'] == 1
    assert found['hedui_source_answers_total{department="social_security",state="ANSWERED"}'] == 1
    assert found['hedui_answer_seconds_count{path="/graphql"}'] == 3
    assert found["hedui_requests_under_way"] == 1, "this one"
    assert found['hedui_executed_total{how="compiled"}'] >= 1


def test_nothing_that_came_in_becomes_a_label_or_a_log_line(tmp_path, capsys):
    async def ask(desk):
        for path in (f"/{HEAD}", f"/graphql{HEAD}", f"/log/{HEAD}", f"/log/tile/{HEAD}"):
            await desk.client.get(path)
        await desk.client.request(f"X{HEAD}", "/graphql")
        await desk.client.get("/graphql", params={"query": HEAD, "operationName": HEAD})

    _, told = metrics_after(tmp_path, ask)
    assert HEAD not in told.text
    assert HEAD not in "".join(capsys.readouterr())


def test_a_fault_is_counted_by_its_class(tmp_path):
    async def ask(desk):
        for connector in desk.office.connectors.values():
            connector.fetch = connector.fetch_all = _failing
        await desk.ask(QUESTION)

    _, told = metrics_after(tmp_path, ask)
    assert values(told)['hedui_faults_total{kind="RuntimeError"}'] == 1


async def _failing(*_):
    raise RuntimeError(HEAD)


def test_the_number_of_a_request_ties_answer_log_line_and_entries(tmp_path, capsys):
    async def test(desk):
        answer = await desk.ask(QUESTION)
        return answer, await desk.entries()

    answer, entries = at_desk(tmp_path, ROWS, test)
    number = answer.headers["x-hedui-request"]
    assert answer.json()["extensions"]["request"] == number
    assert [entry["fields"]["request"] for entry in entries] == [number, number]
    assert number in "".join(capsys.readouterr())


def test_there_is_room_for_what_one_of_several_counts_before_it_counts(tmp_path, monkeypatch):
    """A page of a mapped file for which there is no room kills a process when it is written to."""
    monkeypatch.setenv(FOLDER, str(tmp_path))
    with room_to_count():
        held = sorted(tmp_path.iterdir())
        assert len(held) == 3
        assert all(each.stat().st_blocks * 512 >= ROOM_BYTES for each in held)
    assert sorted(tmp_path.iterdir()) == held, "what was counted stays for the sum"
    assert all(each.name.endswith(f"_{os.getpid()}.db") for each in held)


def test_one_that_ends_by_a_fault_leaves_no_room_taken(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER, str(tmp_path))
    with pytest.raises(ZeroDivisionError), room_to_count():
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_where_there_is_no_room_to_count_in_it_is_said_plainly(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER, str(tmp_path / "gone"))
    with pytest.raises(CannotOpen, match=r"expected room for metrics in `.*gone`"), room_to_count():
        pass
