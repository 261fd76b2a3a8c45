"""What does an aggregate come to over the rows of one group, in SQL? Its value, and how many rows leave it in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from verification.language.dialect import Dialect
from verification.language.expression import Expr
from verification.language.kinds import Kind
from verification.language.level import MemberRows, asked_by
from verification.language.period import period_of
from verification.language.rows import FEW_MONTHS, Aggregate
from verification.language.source import Records
from verification.language.sql_split import BITS
from verification.language.sql_text import Layers, known_name
from vocabulary.records.civil_affairs import Membership
from vocabulary.register import RECORD_TYPES


@dataclass(frozen=True)
class Gathered:
    """Where it stands what the rows of an aggregate, or of one part of it, came to; and how many left it in doubt."""

    of: Aggregate
    value: str
    doubts: str | None


class Parts:
    """Writes aggregates over columns `r_…` of one dialect's rows, and facts from what they came to."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect

    def written(
        self, layers: Layers, name: str, each: Aggregate, keys: Sequence[str], first_month: int | None = None
    ) -> list[tuple[str, str]]:
        """The aggregate's value over the rows that share `keys`, and how many of them leave it in doubt.

        `first_month`   where the values are months, of few from this one on
        """
        condition, value = each.condition, each.role("value")
        if each.op in ("rows some", "rows every"):
            return self._quantified(layers, name, each)
        held = layers.cell(value) if value is not None else None
        where = layers.simple(condition).value if condition is not None else "TRUE"
        if each.op in ("rows latest", "rows earliest"):
            where = self._first_only(layers, each, where, keys)
        text = held.value if held is not None else "1"
        if each.op == "rows listing" and value is not None and value.kind is Kind.MONTH:
            text = self.dialect.written_month(text)
        taken = text if where == "TRUE" else f"CASE WHEN {where} THEN {text} END"
        parts = [(name, self._aggregated(each, taken, first_month))]
        if may_doubt(each):
            parts.append(
                (doubts_of(name), self._doubts(layers, each, condition, held.known if held else None, where))
            )
        if each.op == "rows only":
            least, most = ("BOOL_AND", "BOOL_OR") if each.kind is Kind.FLAG else ("MIN", "MAX")
            differ = f"CASE WHEN {least}({taken}) <> {most}({taken}) THEN 1 ELSE 0 END"
            parts[1] = (parts[1][0], f"({parts[1][1]} + {differ})")
        return parts

    def _first_only(self, layers: Layers, each: Aggregate, where: str, by_keys: Sequence[str]) -> str:
        by, q = each.role("by"), self.dialect.quoted
        assert by is not None
        order = layers.simple(by)
        root = each.plan.root
        names = [q("r_record_id")] if isinstance(root, Records) else [q("r_record_type"), q("r_record_id")]
        way = "DESC" if each.op == "rows latest" else "ASC"
        keys = ", ".join(f"{key} {way}" for key in (order.value, *names))
        layer = max([order.layer, *(layers.cell(arg).layer for arg in (each.condition,) if arg is not None)])
        text = f"ROW_NUMBER() OVER (PARTITION BY {', '.join(by_keys)} ORDER BY CASE WHEN {where} THEN 0 ELSE 1 END, {keys})"
        placed = layers.add(f"n:{each.digest[:12]}:{len(layers.layers)}", text, layer)
        return f"({placed.value} = 1 AND {where})"

    def _quantified(self, layers: Layers, name: str, each: Aggregate) -> list[tuple[str, str]]:
        condition, value = each.condition, each.role("value")
        where = layers.simple(condition).value if condition is not None else "TRUE"
        if value is None:
            test = where
        else:
            held = layers.cell(value).value
            test = f"({where} AND {held})" if each.op == "rows some" else f"({where} AND NOT {held})"
        parts = [(name, _count(f"CASE WHEN {test} THEN 1 END"))]
        if may_doubt(each):
            parts.append((doubts_of(name), _count(f"CASE WHEN ({test}) IS NULL THEN 1 END")))
        return parts

    def _doubts(
        self, layers: Layers, each: Aggregate, condition: Expr | None, known: str | None, where: str
    ) -> str:
        tests = []
        if condition is not None and condition.uncertain:
            tests.append(f"{layers.cell(condition).value} IS NULL")
        by = each.role("by")
        if by is not None and by.uncertain:
            tests.append(f"({where} AND {layers.cell(by).value} IS NULL)")
        if known is not None:
            tests.append(f"({where} AND NOT {known})")
        return _count(f"CASE WHEN {' OR '.join(tests)} THEN 1 END") if tests else "0"

    def _aggregated(self, each: Aggregate, taken: str, first_month: int | None) -> str:
        if each.op == "rows listing":
            return self.dialect.joined(taken)
        if each.op == "rows kinds":
            if first_month is not None and self.dialect.bits is not None:
                return f"BIT_COUNT({self.dialect.bits(taken, first_month)})"
            return self.dialect.kinds(taken)
        if each.op == BITS:
            assert first_month is not None, "expected few months"
            assert self.dialect.bits is not None, "expected an engine of bits, got one of none"
            return self.dialect.bits(taken, first_month)
        flag = each.kind is Kind.FLAG
        text = _OF_FLAGS.get(each.op, "BOOL_OR({v})") if flag else _AGGREGATED[each.op]
        return text.format(v=taken, whole=self.dialect.types["whole"])

    def told(self, name: str, each: Aggregate, found: Sequence[Gathered]) -> list[tuple[str, str]]:
        """The fact's columns, from what its rows came to: those of each part, where it is split."""
        doubts = " + ".join(f"COALESCE({part.doubts}, 0)" for part in found if part.doubts is not None)
        answered, worth = self.answered(each), self.worth(each, found)
        if each.lenient:
            return [(name, worth)]
        if each.op in ("rows some", "rows every"):
            if doubts:
                value = self._together(each, found)
                worth = f"CASE WHEN COALESCE({value}, 0) > 0 OR {doubts} = 0 THEN {worth} END"
            return [(name, f"CASE WHEN {' AND '.join(answered)} THEN {worth} END" if answered else worth)]
        known = " AND ".join([*answered, *([f"{doubts} = 0"] if doubts else [])]) or "TRUE"
        text = f"CASE WHEN {known} THEN {worth} END"
        return [(name, text), (known_name(name), f"({known})")] if each.optional else [(name, text)]

    def worth(self, each: Aggregate, found: Sequence[Gathered]) -> str:
        """The fact where nothing is in doubt."""
        value = self._together(each, found)
        if each.op in ("rows some", "rows every"):
            return f"(COALESCE({value}, 0) {'> 0' if each.op == 'rows some' else '= 0'})"
        return value if each.optional else f"COALESCE({value}, {self.start(each)})"

    @staticmethod
    def _together(each: Aggregate, found: Sequence[Gathered]) -> str:
        if len(found) == 1 and found[0].of.op != BITS:
            return found[0].value
        if not found:
            return "0"
        values = [f"COALESCE({part.value}, 0)" for part in found]
        return f"BIT_COUNT({' | '.join(values)})" if each.op == "rows kinds" else f"({' + '.join(values)})"

    def differs(self, name: str, each: Aggregate, alias: str) -> str:
        """Whether a group's rows give it another value than it has without any, or leave it in doubt."""
        value = f"{alias}.{self.dialect.quoted(name)}"
        empty = {"rows listing": f"{value} <> ''"}
        optional = f"{value} IS NOT NULL" if each.optional else f"{value} <> 0"
        doubts = f" OR {alias}.{self.dialect.quoted(doubts_of(name))} > 0" if may_doubt(each) else ""
        return f"({empty.get(each.op, optional)}{doubts})"

    def start(self, each: Aggregate) -> str:
        """What it comes to where there is no row."""
        return "''" if each.op == "rows listing" else f"CAST(0 AS {self.dialect.types['whole']})"

    def answered(self, each: Aggregate) -> list[str]:
        """What must hold for every record type that is read to have been answered."""
        bits = {"hmask": 0, "pmask": 0}
        if isinstance(each.plan.root, MemberRows):
            bits["hmask"] = 1 << RECORD_TYPES.index(Membership)
        else:
            plans = [(each.plan, each.on or ())]
            if each.match is not None:
                plans.append((each.match.plan, each.match.on or ()))
            for plan, on in plans:
                for record in plan.types:
                    mask = "pmask" if asked_by(record, plan, on) == "person" else "hmask"
                    bits[mask] |= 1 << RECORD_TYPES.index(record)
        q = self.dialect.quoted
        return [
            f"(b.{q(mask)} & {self.dialect.literal(value, Kind.NUMBER)}) = 0"
            for mask, value in bits.items()
            if value
        ]


def doubts_of(name: str) -> str:
    """The column that says how many rows leave a value in doubt."""
    return f"u:{name}"


def first_month(each: Aggregate) -> int | None:
    """The first of the months that an aggregate of months can meet by its period, where they are few."""
    period, value = period_of(each), each.role("value")
    if period is None or value is None or value.digest != period.column.digest:
        return None
    return period.first if period.months <= FEW_MONTHS else None


def may_doubt(each: Aggregate) -> bool:
    """Whether a row may leave the aggregate unknown."""
    args = (each.condition, each.role("value"), each.role("by"))
    return not each.lenient and (
        each.op == "rows only" or any(arg is not None and arg.uncertain for arg in args)
    )


def _count(text: str) -> str:
    """How many values there are, in the four bytes in which it stands beside hundreds of thousands of others."""
    return f"CAST(COUNT({text}) AS INTEGER)"


_OF_FLAGS = {"rows lowest": "BOOL_AND({v})"}

_AGGREGATED = {
    "rows count": _count("{v}"),
    "rows total": "CAST(SUM({v}) AS {whole})",
    "rows only": "MAX({v})",
    "rows latest": "MAX({v})",
    "rows earliest": "MAX({v})",
    "rows highest": "MAX({v})",
    "rows lowest": "MIN({v})",
}
