"""What is decided once for many questions: for an office, a purpose and a day, and not for a case or a person."""

from pathlib import Path
from typing import Any

import pytest

from gateway import answer, plan
from tests.gateway.desk import at_desk
from tests.gateway.rows import HOUSEHOLD, ROWS

QUESTION = "query($number: ID!) {household(number: $number) {members {insurance {records {base}}}}}"


@pytest.mark.parametrize("of", [(answer, "_compiled"), (plan, "_allowed")], ids=["told", "decided"])
def test_neither_another_case_nor_a_colleague_makes_anything_be_worked_out_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of: tuple[Any, str]
) -> None:
    made: list[object] = []
    module, name = of
    work_out = getattr(module, name)

    def noted(*given: Any, **more: Any) -> Any:
        made.append(given)
        return work_out(*given, **more)

    monkeypatch.setattr(module, name, noted)

    async def test(desk: Any) -> list[int]:
        counts = []
        for asker in (
            {"case": "HD-2026-0001"},
            {"case": "HD-2026-0002"},
            {"subject": "mz-0099"},
            {"post": "窗口"},
            {"purpose": "TEKUN_RECOGNITION"},
        ):
            assert (await desk.ask(QUESTION, {"number": HOUSEHOLD}, **asker)).status_code == 200
            counts.append(len(made))
        return counts

    assert at_desk(tmp_path, ROWS, test) == [1, 1, 1, 2, 3]
