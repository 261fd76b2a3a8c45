"""Policy packs: layers, days in force, limits; and a mistake is told with its place."""

from datetime import date
from importlib import resources
from pathlib import Path

import pytest

from verification.pack import BadPack, NoSuchPack, NotInForce, load_pack, pack_names

HEAD = "pack: city\ntitle: 市\nbase: demo-2026\n"


def city(folder: Path, text: str) -> Path:
    path = folder / "city.yaml"
    path.write_text(HEAD + text, "utf-8")
    return path


@pytest.mark.parametrize("name", ["demo-2026"])
def test_the_packs_that_come_along_load(name: str) -> None:
    pack = load_pack(name)
    assert name in pack_names()
    assert len(pack.hash) == 64


def test_every_value_of_the_demo_pack_is_cited() -> None:
    pack = load_pack("demo-2026")
    rows = [*pack.parameters.values(), *(row for table in pack.rows.values() for row in table.values())]
    assert all(dated.cite.strip() for row in rows for dated in row)


def test_the_lower_layer_wins_and_the_rest_stands(tmp_path: Path) -> None:
    pack = load_pack(
        city(
            tmp_path, 'values:\n  dibao_standard_fen_month: {since: 2026-01-01, value: "700.00", cite: 市}\n'
        )
    )
    assert pack.number("dibao_standard_fen_month", date(2026, 11, 16)) == 70_000
    assert pack.number("window_months", date(2026, 11, 16)) == 12


def test_a_city_rests_on_its_province_beside_it(tmp_path: Path) -> None:
    province = (
        HEAD.replace("city", "province")
        + "values:\n  gradual_exit_months: {since: 2026-01-01, value: 3, cite: 省}\n"
    )
    (tmp_path / "province.yaml").write_text(province, "utf-8")
    path = tmp_path / "city.yaml"
    path.write_text("pack: city\ntitle: 市\nbase: province.yaml\n", "utf-8")
    pack = load_pack(path)
    assert (pack.name, pack.number("gradual_exit_months", date(2026, 11, 16))) == ("city", 3)
    assert pack.number("window_months", date(2026, 11, 16)) == 12


def test_what_a_province_limits_a_city_may_not_pass(tmp_path: Path) -> None:
    province = HEAD.replace("city", "province") + "limits:\n  gradual_exit_months: {most: 4, cite: 省规}\n"
    province += "values:\n  gradual_exit_months: {since: 2026-01-01, value: 4, cite: 省}\n"
    (tmp_path / "province.yaml").write_text(province, "utf-8")
    path = tmp_path / "city.yaml"
    text = "pack: city\ntitle: 市\nbase: province.yaml\nvalues:\n"
    path.write_text(text + "  gradual_exit_months: {since: 2026-01-01, value: 5, cite: 市}\n", "utf-8")
    with pytest.raises(
        BadPack, match=r"city\.yaml:5: gradual_exit_months: expected -∞ to 4 \(.*; 省规\), got 5"
    ):
        load_pack(path)


def test_a_province_cannot_widen_what_the_nation_limits(tmp_path: Path) -> None:
    with pytest.raises(BadPack, match=r"gradual_exit_months: expected -∞ to 6 \(.*\), got 7"):
        load_pack(
            city(
                tmp_path,
                "values:\n  gradual_exit_months: {since: 2026-01-01, value: 7, cite: 市}\n"
                "limits:\n  gradual_exit_months: {most: 12, cite: 市}\n",
            )
        )


def test_a_value_has_its_days(tmp_path: Path) -> None:
    text = """values:
  dibao_standard_fen_month:
    - {since: 2025-07-01, until: 2026-06-30, value: "636.00", cite: 市 2025}
    - {since: 2026-07-01, value: "660.00", cite: 市 2026}
"""
    pack = load_pack(city(tmp_path, text))
    assert pack.number("dibao_standard_fen_month", date(2026, 6, 30)) == 63_600
    assert pack.number("dibao_standard_fen_month", date(2026, 7, 1)) == 66_000
    with pytest.raises(NotInForce, match="2025-06-30"):
        pack.number("dibao_standard_fen_month", date(2025, 6, 30))


_BANDS = """values:
  payable_mode: {since: 2026-01-01, value: BANDED, cite: 市}
tables:
  payable_band_below_percent:
    "1": {since: 2026-01-01, value: %s, cite: 市}
    "2": {since: 2026-01-01, value: %s, cite: 市}
  payable_band_fen_month:
    "1": {since: 2026-01-01, value: "%s", cite: 市}
"""
_SECOND = '    "2": {since: 2026-01-01, value: "%s", cite: 市}\n'


def test_bands_are_read_where_they_cover_every_income_below_the_standard(tmp_path: Path) -> None:
    pack = load_pack(city(tmp_path, _BANDS % (50, 100, "500.00") + _SECOND % "300.00"))
    found = pack.row("payable_band_fen_month", "2", date(2026, 11, 16))
    assert found is not None
    assert found.value == 30_000


BROKEN = {
    "bands that leave incomes out": (
        _BANDS % (50, 99, "500.00") + _SECOND % "300.00",
        r"city\.yaml:8: payable_band_below_percent: expected bounds that rise to 100 percent on 2026-01-01",
    ),
    "bands that do not rise": (
        _BANDS % (100, 100, "500.00") + _SECOND % "300.00",
        r"expected bounds that rise to 100 percent",
    ),
    "a band that pays more than a poorer one": (
        _BANDS % (50, 100, "500.00") + _SECOND % "500.01",
        r"payable_band_fen_month: expected no band to pay more than a poorer one",
    ),
    "a band without an amount": (_BANDS % (50, 100, "500.00"), r"expected bands 1, 2, … without a gap"),
    "bands that are paid by and nowhere laid down": (
        "values:\n  payable_mode: {since: 2026-01-01, value: BANDED, cite: a}\n",
        r"expected bands 1, 2, … without a gap",
    ),
    "values that overlap": (
        "values:\n  window_months:\n"
        "    - {since: 2025-01-01, value: 12, cite: a}\n    - {since: 2026-01-01, value: 12, cite: b}\n",
        r"city\.yaml:7: window_months: expected values that do not overlap",
    ),
    "no citation": (
        "values:\n  window_months: {since: 2025-01-01, value: 12}\n",
        r"city\.yaml:5: window_months: expected `cite`",
    ),
    "a blank citation": (
        'values:\n  window_months: {since: 2025-01-01, value: 12, cite: " "}\n',
        r"city\.yaml:5: window_months: expected `cite`",
    ),
    "a parameter that nobody knows": (
        "values:\n  window_month: {since: 2025-01-01, value: 12, cite: a}\n",
        r"city\.yaml:5: window_month: expected a parameter",
    ),
    "a window that is no year": (
        "values:\n  window_months: {since: 2025-01-01, value: 6, cite: a}\n",
        r"city\.yaml:5: window_months: expected 12 to 12, got 6",
    ),
    "a ratio of one": (
        "values:\n  rigid_ratio_basis_points: {since: 2025-01-01, value: 10000, cite: a}\n",
        r"city\.yaml:5: rigid_ratio_basis_points: expected 1 to 9999, got 10000",
    ),
    "a margin below the standard": (
        "values:\n  edge_multiplier_percent: {since: 2025-01-01, value: 99, cite: a}\n",
        r"city\.yaml:5: edge_multiplier_percent: expected 100 to 1000, got 99",
    ),
    "a national limit passed": (
        "values:\n  gradual_exit_months: {since: 2025-01-01, value: 7, cite: a}\n",
        r"city\.yaml:5: gradual_exit_months: expected -∞ to 6 \(民发〔2022〕83号\), got 7",
    ),
    "a float": (
        "values:\n  employment_cost_fen_month: {since: 2025-01-01, value: 200.5, cite: a}\n",
        r"city\.yaml:5: employment_cost_fen_month: expected fen, written in yuan, got `200.5`",
    ),
    "a third place of yuan": (
        'values:\n  employment_cost_fen_month: {since: 2025-01-01, value: "200.005", cite: a}\n',
        r"city\.yaml:5: employment_cost_fen_month: expected yuan with at most two places",
    ),
    "an end before the beginning": (
        "values:\n  window_months: {since: 2025-01-02, until: 2025-01-01, value: 12, cite: a}\n",
        r"city\.yaml:5: window_months: expected `until` on or after `since`",
    ),
    "a kind of income that nobody knows": (
        "tables:\n  income_class:\n    LOTTERY: {since: 2025-01-01, value: COUNTED, cite: a}\n",
        r"city\.yaml:6: income_class\.LOTTERY: expected one of UNEMPLOYED",
    ),
    "a class that nobody knows": (
        "tables:\n  income_class:\n    RENT: {since: 2025-01-01, value: MAYBE, cite: a}\n",
        r"city\.yaml:6: income_class\.RENT: expected one of COUNTED, EXCLUDED, got `MAYBE`",
    ),
    "an amount that would always be nothing": (
        "values:\n  single_person_amount: {since: 2025-01-01, value: HOUSEHOLD_PER_CAPITA, cite: a}\n",
        r"city\.yaml:5: single_person_amount: expected one of OWN_INCOME, STANDARD, got `HOUSEHOLD_PER_CAPITA`: "
        r"whoever enters alone lives in a household that has the standard a head or more",
    ),
    "a key twice": (
        "values:\n" + "  window_months: {since: 2025-01-01, value: 12, cite: a}\n" * 2,
        r"city\.yaml:6: values\.window_months: expected each key once",
    ),
    "no YAML at all": ("values: [", r"city\.yaml:\d+: expected YAML"),
    "code in a tag": (
        "values:\n  window_months: {since: 2025-01-01, value: !!python/object:os.system x, cite: a}\n",
        r"city\.yaml:5: window_months\.value: expected a value that exists",
    ),
    "a day that does not exist": (
        "values:\n  window_months: {since: 2025-02-30, value: 12, cite: a}\n",
        r"city\.yaml:5: window_months\.since: expected a value that exists",
    ),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_mistake_is_named_with_its_place(broken: str, tmp_path: Path) -> None:
    text, message = BROKEN[broken]
    with pytest.raises(BadPack, match=message):
        load_pack(city(tmp_path, text))


def test_a_pack_without_a_value_is_refused() -> None:
    with pytest.raises(
        BadPack, match=r"dibao_standard_fen_month: expected a value, got none in any layer; neith"
    ):
        load_pack("national-2026")


def test_all_that_a_pack_leaves_out_is_told_at_once(tmp_path: Path) -> None:
    demo = load_pack("demo-2026")
    left_out = {"handover_days", "medical_aid_category.EDGE", "medical_aid_category.RIGID"}
    path = tmp_path / "city.yaml"
    text = (resources.files("verification") / "packs" / "demo-2026.yaml").read_text("utf-8")
    kept = [line for line in text.splitlines() if "handover_days" not in line]
    at = kept.index("  medical_aid_category:")
    path.write_text("\n".join([*kept[:at], *kept[at + 3 :]]), "utf-8")
    with pytest.raises(BadPack) as caught:
        load_pack(path)
    assert str(caught.value) == (
        "city.yaml:1: handover_days: expected a value, got none in any layer"
        "; neither for medical_aid_category.EDGE, medical_aid_category.RIGID"
    )
    assert left_out <= {*demo.parameters, *(f"{t}.{key}" for t, rows in demo.rows.items() for key in rows)}


def test_a_pack_that_rests_on_itself_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "loop.yaml"
    path.write_text(f"pack: loop\ntitle: 环\nbase: {path}\n", "utf-8")
    with pytest.raises(BadPack, match="rest on itself"):
        load_pack(path)


def test_a_pack_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(NoSuchPack, match="demo-2026"):
        load_pack("nowhere-1999")


@pytest.mark.parametrize("base", ["nowhere-1999", "province.yaml", "."])
def test_a_base_that_is_not_there_is_named_with_its_place(base: str, tmp_path: Path) -> None:
    path = tmp_path / "city.yaml"
    path.write_text(f"pack: city\ntitle: 市\nbase: {base}\n", "utf-8")
    with pytest.raises(
        BadPack, match=r"city\.yaml:3: base: expected one of demo-2026.* or the path of a file"
    ):
        load_pack(path)


def test_a_base_of_a_base_is_named_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "province.yaml").write_text("pack: province\nbase: nowhere\ntitle: 省\n", "utf-8")
    path = tmp_path / "city.yaml"
    path.write_text("pack: city\ntitle: 市\nbase: province.yaml\n", "utf-8")
    with pytest.raises(BadPack, match=r"province\.yaml:2: base: .* got `nowhere`"):
        load_pack(path)


def test_a_pack_in_another_encoding_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "city.yaml"
    path.write_bytes("pack: city\ntitle: 某市政策包\n".encode("gb18030"))
    with pytest.raises(BadPack, match=r"city\.yaml:2: expected text in UTF-8"):
        load_pack(path)


def test_the_hash_is_of_the_content_and_not_of_its_spelling(tmp_path: Path) -> None:
    one = load_pack(city(tmp_path, 'values:\n  window_months: {since: 2025-01-01, value: 12, cite: "a"}\n'))
    other = load_pack(
        city(
            tmp_path,
            "says: prose\nvalues:\n  window_months:\n    cite: a\n    value: 12\n    since: 2025-01-01\n",
        )
    )
    assert one.hash == other.hash
    assert one.changed({"gradual_exit_months": 5}, why="a test").hash != one.hash


def test_one_fen_changes_the_hash() -> None:
    pack = load_pack("demo-2026")
    assert (
        pack.changed({"dibao_standard_fen_month": 63_601}, why="x").hash
        != pack.changed({"dibao_standard_fen_month": 63_600}, why="x").hash
    )


def test_an_exclusion_that_ended_with_nothing_newer_has_lapsed() -> None:
    ended = [{"since": date(2021, 7, 1), "until": date(2025, 12, 31), "value": "EXCLUDED"}]
    pack = load_pack("demo-2026").changed({"income_class.CENTRAL_BASE_PENSION": ended}, why="x")
    classes = [
        pack.row("income_class", "CENTRAL_BASE_PENSION", day)
        for day in (date(2025, 12, 31), date(2026, 1, 1))
    ]
    assert [found.value for found in classes if found is not None] == ["EXCLUDED", "LAPSED"]


def test_a_change_is_checked_like_a_file() -> None:
    pack = load_pack("demo-2026")
    with pytest.raises(BadPack, match="edge_multiplier_percent: expected 100 to 1000, got 50"):
        pack.changed({"edge_multiplier_percent": 50}, why="what if")
    with pytest.raises(BadPack, match="expected a parameter of the pack"):
        pack.changed({"no_such_thing": 1}, why="what if")
