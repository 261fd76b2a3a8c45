"""Where a household stands, read from a judgement or from the bytes that a run keeps."""

import pytest

from tests.verification.caseload import stories_snapshot
from verification.language.seal import canonical
from verification.pack import load_pack
from verification.runs.district import judge_district
from verification.standing import BadJudgement, standing_in, standing_of
from verification.verdict import INDETERMINATE
from verification.whatif import FACTS


def test_the_bytes_that_a_run_keeps_say_what_the_judgement_says() -> None:
    judged = list(judge_district(stories_snapshot(), FACTS, load_pack("demo-2026")))
    assert [standing_in(canonical(each)) for each in judged] == [standing_of(each) for each in judged]
    assert INDETERMINATE in {standing_of(each).category for each in judged}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        b'{"facts":{},"members":{}}',
        b'{"facts":{"category":"LOTTERY","payable_fen":0,"counted_members":1,"property_over":false},"members":{}}',
        b'{"facts":{"category":"NONE","payable_fen":0,"counted_members":1,"property_over":false},"members":[]}',
    ],
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(BadJudgement):
        standing_in(data)
