"""Is a slow department asked a second time only where the operator wants it, and does the log say so?"""

import asyncio

from tests.gateway.desk import at_desk
from tests.gateway.rows import ROWS
from vocabulary.codes import Department

QUESTION = '{household(number: "H-1") {members {insurance {state count}}}}'


def asked(folder, *, hedge_after_s):
    """An answer where the first question to social security is lost, and the outcome's fields."""

    async def test(desk):
        connector, calls = desk.office.connectors[Department.SOCIAL_SECURITY], []
        for name in ("fetch", "fetch_all"):
            if hasattr(connector, name):
                setattr(connector, name, losing_the_first(getattr(connector, name), calls))
        answer = await desk.ask(QUESTION)
        entries, metrics = await desk.entries(), (await desk.client.get("/metrics")).text
        assert ('hedui_hedged_total{department="social_security"} 1.0' in metrics) == (hedge_after_s > 0)
        return answer.json(), entries[-1]["fields"], len(calls)

    return at_desk(folder, ROWS, test, hedge_after_s=hedge_after_s, timeout_s=1.0)


def losing_the_first(fetch, calls):
    async def fetching(*given):
        calls.append(given)
        if len(calls) == 1:
            await asyncio.sleep(60)
        return await fetch(*given)

    return fetching


def states(answer):
    return {member["insurance"]["state"] for member in answer["data"]["household"]["members"]}


def test_a_second_question_is_asked_and_noted(tmp_path):
    answer, outcome, calls = asked(tmp_path, hedge_after_s=0.05)
    assert "SOURCE_FAILED" not in states(answer)
    assert outcome["hedged"] == {"social_security": 1}
    assert calls == 2


def test_by_default_nobody_is_asked_twice(tmp_path):
    answer, outcome, calls = asked(tmp_path, hedge_after_s=0.0)
    assert "SOURCE_FAILED" in states(answer)
    assert "hedged" not in outcome
    assert calls == 1


def test_who_is_not_slow_is_not_asked_twice(tmp_path):
    async def test(desk):
        await desk.ask(QUESTION)
        return (await desk.entries())[-1]["fields"]

    assert "hedged" not in at_desk(tmp_path, ROWS, test, hedge_after_s=5.0)
