"""Foreign bytes raise our error or are read, and what is read is written back alike: nothing else happens."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.audit.fuzz import PARSERS

ROOT = Path(__file__).parents[2]
GRAFTS = [b"\n", b"\n\n", b" ", b"=", b"0", b"+", b"\xff", "—".encode(), b"\0", b"-1", b"x000/"]


@st.composite
def mutated(draw: st.DrawFn, seed: bytes) -> bytes:
    """The seed with up to four parts cut, doubled, turned or grafted."""
    data = bytearray(seed)
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        end = min(len(data), at + draw(st.integers(0, 12)))
        match draw(st.sampled_from(["cut", "double", "turn", "graft", "noise"])):
            case "cut":
                del data[at:end]
            case "double":
                data[at:at] = data[at:end]
            case "turn" if at < len(data):
                data[at] ^= 1 << draw(st.integers(0, 7))
            case "graft":
                data[at:at] = draw(st.sampled_from(GRAFTS))
            case _:
                data[at:end] = draw(st.binary(max_size=8))
    return bytes(data)


@pytest.mark.parametrize("name", PARSERS)
@given(data=st.data())
def test_a_parser_raises_only_our_errors(name: str, data: st.DataObject) -> None:
    seed, check = PARSERS[name]
    check(data.draw(mutated(seed)))


@pytest.mark.parametrize("name", PARSERS)
@given(noise=st.binary(max_size=200))
def test_noise_raises_only_our_errors(name: str, noise: bytes) -> None:
    check: Callable[[bytes], None] = PARSERS[name][1]
    check(noise)


def test_a_coverage_guided_fuzzer_finds_nothing_in_its_time(tmp_path: Path) -> None:
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("no atheris on this platform")
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.audit.fuzz_guided",
            "-runs=20000",
            "-seed=1",
            f"-artifact_prefix={tmp_path}/",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
