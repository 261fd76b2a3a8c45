"""How are rows gathered in Python? Each source is drawn and indexed once, and each index walked once a step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from verification.language.expression import Expr
from verification.language.kinds import Kind
from verification.language.level import MEMBER, MemberRows, asked_by
from verification.language.python_text import Text
from verification.language.rows import Aggregate, Grouped
from verification.language.source import Best, ColumnOf, Filtered, Lines, Plan, Records, Union, column
from vocabulary.records.civil_affairs import Membership
from vocabulary.register import RECORD_TYPES


class RowsText:
    """Writes the lines that draw rows, index them and make aggregates of them."""

    def __init__(self, text: Text) -> None:
        self.text = text
        self.text.constants["written_month"] = _written_month
        self._drawn: dict[str, str] = {}
        self._indexed: dict[tuple[str, tuple[str, ...]], str] = {}

    def column(self, expr: ColumnOf) -> str:
        """How a column of the row `r` is written."""
        root = expr.plan.root
        if isinstance(root, Records):
            return f"r.{expr.column}"
        return f"r[{list(root.columns).index(expr.column)}]"

    def prepare(self, expr: Expr) -> None:
        """Draw and index, before the members' loop, what an aggregate will look at."""
        if not isinstance(expr, Aggregate):
            return
        if not isinstance(expr.plan.root, MemberRows):
            self._index(expr.plan, expr.on or ())
        if expr.match is not None:
            self._index(expr.match.plan, expr.match.on or ())

    def gather(self, wanted: list[tuple[str, Expr]], level: str) -> None:
        """Write each aggregate into its variable, one loop for those that look at the same rows."""
        groups: dict[tuple[str, tuple[str, ...]], list[tuple[str, Aggregate]]] = {}
        for name, expr in wanted:
            if isinstance(expr, Aggregate):
                groups.setdefault((expr.plan.digest, expr.on or ()), []).append((name, expr))
        for items in groups.values():
            self._loop(items, level)

    def _loop(self, items: list[tuple[str, Aggregate]], level: str) -> None:
        first = items[0][1]
        matched = {name: self._matched(each, level) for name, each in items if each.match is not None}
        for name, each in items:
            doubt = f"; u_{name} = False" if self._may_doubt(each) else ""
            self.text.line(f"{name} = {_START[each.op]}{doubt}")
        members = isinstance(first.plan.root, MemberRows)
        rows = "members" if members else self._own(first.plan, first.on or (), level)
        with self.text.block(f"for {'m' if members else 'r'} in {rows}:"):
            for _, each in items:
                self.text.expect(each.condition, each.role("value"), each.role("by"))
            for name, each in items:
                self._item(name, each, matched.get(name))
        for name, each in items:
            self._finish(name, each)

    def _item(self, name: str, each: Aggregate, matched: str | None) -> None:
        if each.op in ("rows some", "rows every"):
            self._quantifier(name, each, matched)
            return
        test, doubtful = self._condition(each, matched)
        if doubtful:
            test = self.text.name_for(test)
            if not each.lenient:
                self.text.line(f"if {test} is None: u_{name} = True")
        if test == "True":
            self._take(name, each)
            return
        with self.text.block(f"if {test}:"):
            self._take(name, each)

    def _condition(self, each: Aggregate, matched: str | None) -> tuple[str, bool]:
        """The text of the condition on a row, and whether it may be unknown."""
        condition = each.condition
        if condition is None:
            return (matched or "True"), False
        written = self.text.write(condition)
        if matched is None:
            return written, self.text.doubtful(condition)
        if self.text.doubtful(condition):
            return f"({written} if {matched} else False)", True
        return f"({written} and {matched})", False

    def _quantifier(self, name: str, each: Aggregate, matched: str | None) -> None:
        test, doubtful = self._condition(each, matched)
        value = each.role("value")
        some = each.op == "rows some"
        with self.text.block(f"if {name} is not {some}:"):
            if not doubtful and (value is None or not self.text.doubtful(value)):
                held = (
                    []
                    if value is None
                    else [self.text.write(value) if some else f"not {self.text.write(value)}"]
                )
                tests = " and ".join([*([test] if test != "True" else []), *held]) or "True"
                self.text.line(f"if {tests}: {name} = {some}")
                return
            found = test = self.text.name_for(test)
            if value is not None:
                held_name = self.text.name(value)
                found = self.text.name_for(_QUANTIFIED[each.op].format(test=test, value=held_name))
            self.text.line(f"if {found} is {some}: {name} = {some}")
            self.text.line(f"elif {found} is None: u_{name} = True")

    def _take(self, name: str, each: Aggregate) -> None:
        value = each.role("value")
        if each.op == "rows count":
            self.text.line(f"{name} += 1")
        elif each.op in ("rows latest", "rows earliest"):
            self._take_ordered(name, each)
        elif value is not None:
            doubtful = self.text.doubtful(value)
            held = self.text.name(value) if doubtful or value.optional else self.text.write(value)
            conditions = []
            if doubtful:
                if not each.lenient:
                    self.text.line(f"if {held} is None: u_{name} = True")
                conditions.append(f"{held} is not None")
            if value.optional:
                conditions.append(f"{held} is not ABSENT")
            written = (
                f"written_month({held})" if each.op == "rows listing" and value.kind is Kind.MONTH else held
            )
            lines = [line.format(a=name, v=written) for line in _TAKE[each.op]]
            if conditions:
                with self.text.block(f"if {' and '.join(conditions)}:"):
                    for line in lines:
                        self.text.line(line)
            else:
                for line in lines:
                    self.text.line(line)

    def _take_ordered(self, name: str, each: Aggregate) -> None:
        by, value = each.role("by"), each.role("value")
        assert by is not None
        assert value is not None
        order = self.text.name(by)
        doubtful = self.text.doubtful(by)
        if doubtful:
            self.text.line(f"if {order} is None: u_{name} = True")
        root = each.plan.root
        if isinstance(root, Records):
            key = f"({order}, r.record_id)"
        else:
            names = list(root.columns)
            key = f"({order}, r[{names.index('record_type')}], r[{names.index('record_id')}])"
        beats = ">" if each.op == "rows latest" else "<"
        head = f"if {name} is None or {key} {beats} {name}[0]:"
        if doubtful:
            head = f"if {order} is not None and ({head[3:-1]}):"
        held = self.text.write(value)
        with self.text.block(head):
            self.text.line(f"{name} = ({key}, {held})")

    def _finish(self, name: str, each: Aggregate) -> None:
        if each.op == "rows kinds":
            self.text.line(f"{name} = len({name})")
        elif each.op == "rows listing":
            self.text.line(f"{name} = ','.join(sorted({name}))")
        elif each.op in ("rows latest", "rows earliest"):
            self.text.line(f"{name} = ABSENT if {name} is None else {name}[1]")
        if each.lenient:
            return
        tests = [] if self.text.answered else list(self._unanswered(each))
        if self._may_doubt(each):
            undecided = {"rows some": f" and {name} is not True", "rows every": f" and {name} is not False"}
            tests.append(f"u_{name}{undecided.get(each.op, '')}")
        if tests:
            self.text.line(f"if {' or '.join(tests)}: {name} = None")

    def _may_doubt(self, each: Aggregate) -> bool:
        """Whether a row may leave the aggregate in doubt."""
        args = (each.condition, each.role("value"), each.role("by"))
        doubtful = any(arg is not None and self.text.doubtful(arg) for arg in args)
        return not each.lenient and (doubtful or each.op == "rows only")

    def _unanswered(self, each: Aggregate) -> Iterable[str]:
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
        return [f"{mask} & {value}" for mask, value in bits.items() if value]

    def _matched(self, each: Aggregate, level: str) -> str:
        """Write the set of what the other rows have in the matching columns; give the test on the row `r`."""
        match, condition = each.match, each.role("matched")
        assert match is not None
        theirs = [column(match.plan, each) for each in match.columns]
        name = self.text.fresh()
        self.text.line(f"{name} = set()")
        with self.text.block(f"for r in {self._own(match.plan, match.on or (), level)}:"):
            self.text.expect(condition)
            if condition is None:
                self._add_matched(name, theirs)
            else:
                with self.text.block(f"if {self.text.write(condition)}:"):
                    self._add_matched(name, theirs)
        mine = [self.text.name_of(column(each.plan, by)) for by in match.columns]
        return f"({_key(mine)} {'in' if match.present else 'not in'} {name})"

    def _add_matched(self, name: str, columns: list[ColumnOf]) -> None:
        written = [self.text.write(each) for each in columns]
        absent = [text for text, each in zip(written, columns, strict=True) if each.optional]
        add = f"{name}.add({_key(written)})"
        self.text.line(
            f"if {' and '.join(f'{text} is not ABSENT' for text in absent)}: {add}" if absent else add
        )

    def _own(self, plan: Plan, on: tuple[str, ...], level: str) -> str:
        """The rows of the member or household at hand."""
        index = self._index(plan, on)
        keys = ["p" if plan.columns[name].kind is Kind.PERSON else "h_household" for name in on]
        assert level == MEMBER or "p" not in keys, "a household has no id number"
        return f"{index}.get({_key(keys)}, ())"

    def _index(self, plan: Plan, on: tuple[str, ...]) -> str:
        known = self._indexed.get((plan.digest, on))
        if known is None:
            rows = self._draw(plan)
            known = self.text.fresh()
            self._indexed[plan.digest, on] = known
            keys = [self.text.name_of(column(plan, name)) for name in on]
            self.text.line(f"{known} = {{}}")
            with self.text.block(f"for r in {rows}:"):
                self.text.line(f"{known}.setdefault({_key(keys)}, []).append(r)")
        return known

    @contextmanager
    def apart(self) -> Iterator[None]:
        """What is drawn and indexed meanwhile is forgotten afterwards: it may not have been, where code goes on."""
        drawn, indexed = dict(self._drawn), dict(self._indexed)
        yield
        self._drawn, self._indexed = drawn, indexed

    def draw(self, plan: Plan) -> str:
        """The name of the list of a source's rows, drawn before this line."""
        return self._draw(plan)

    def _draw(self, plan: Plan) -> str:
        known = self._drawn.get(plan.digest)
        if known is None:
            known = self._drawn[plan.digest] = self._rows(plan)
        return known

    def _rows(self, plan: Plan) -> str:
        if isinstance(plan, Records):
            return f"tables.get({self.text.constant(plan.record)}, ())"
        if isinstance(plan, Best):
            return self._best(plan)
        if isinstance(plan, Grouped):
            return self._grouped(plan)
        name = self.text.fresh()
        if isinstance(plan, Union):
            drawn = [self._drawn_lines(part, list(plan.columns)) for part in plan.parts]
            self.text.line(f"{name} = [{', '.join(f'*{each}' for each in drawn)}]")
            return name
        assert isinstance(plan, Filtered)
        of = self._draw(plan.of)
        self.text.line(f"{name} = []")
        with self.text.block(f"for r in {of}:"):
            self.text.expect(plan.condition)
            with self.text.block(f"if {self.text.write(plan.condition)}:"):
                self.text.line(f"{name}.append(r)")
        return name

    def _drawn_lines(self, part: Lines, names: list[str]) -> str:
        of = self._draw(part.of)
        name = self.text.fresh()
        self.text.line(f"{name} = []")
        with self.text.block(f"for r in {of}:"):
            self.text.expect(*part.values.values())
            values = [
                self.text.write(part.values[each]) if each in part.values else "ABSENT" for each in names
            ]
            self.text.line(f"{name}.append(({', '.join(values)},))")
        return name

    def _grouped(self, plan: Grouped) -> str:
        rows, groups, name = self._draw(plan.of), self.text.fresh(), self.text.fresh()
        keys = [self.text.name_of(column(plan.of, each)) for each in plan.by]
        variables = {each: self.text.fresh() for each in plan.values}
        self.text.line(f"{groups}, {name} = {{}}, []")
        with self.text.block(f"for r in {rows}:"):
            self.text.line(f"{groups}.setdefault(({', '.join(keys)},), []).append(r)")
        with self.text.block(f"for key, group in {groups}.items():"):
            for each, value in plan.values.items():
                self.text.line(f"{variables[each]} = {_START[value.op]}")
            with self.text.block("for r in group:"):
                for each, value in plan.values.items():
                    self.text.expect(value.condition, value.role("value"))
                    self._item(variables[each], value, None)
            for each, value in plan.values.items():
                self._finish(variables[each], value)
            made = [variables.get(each) or f"key[{plan.by.index(each)}]" for each in plan.columns]
            self.text.line(f"{name}.append(({', '.join(made)},))")
        return name

    def _best(self, plan: Best) -> str:
        rows, best, name = self._draw(plan.of), self.text.fresh(), self.text.fresh()
        names = list(plan.of.columns)
        key = _key([f"r[{names.index(each)}]" for each in plan.by])
        rank = f"r[{names.index(plan.rank)}]"
        self.text.line(f"{best} = {{}}")
        with self.text.block(f"for r in {rows}:"):
            self.text.line(f"if {rank} > {best}.get({key}, {rank} - 1): {best}[{key}] = {rank}")
        self.text.line(f"{name} = [r for r in {rows} if {rank} == {best}[{key}]]")
        return name


def _key(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"


def _written_month(ordinal: int) -> str:
    return f"{ordinal // 12:04d}-{ordinal % 12 + 1:02d}"


_START = {
    "rows count": "0",
    "rows total": "0",
    "rows kinds": "set()",
    "rows some": "False",
    "rows every": "True",
    "rows only": "ABSENT",
    "rows latest": "None",
    "rows earliest": "None",
    "rows highest": "ABSENT",
    "rows lowest": "ABSENT",
    "rows listing": "set()",
}

_TAKE = {
    "rows total": ("{a} += {v}",),
    "rows kinds": ("{a}.add({v})",),
    "rows listing": ("{a}.add({v})",),
    "rows only": ("if {a} is ABSENT: {a} = {v}", "elif {a} != {v}: u_{a} = True"),
    "rows highest": ("if {a} is ABSENT or {v} > {a}: {a} = {v}",),
    "rows lowest": ("if {a} is ABSENT or {v} < {a}: {a} = {v}",),
}

_QUANTIFIED = {
    "rows some": "(False if {test} is False or {value} is False"
    " else None if {test} is None or {value} is None else True)",
    "rows every": "(True if {test} is False or {value} is True"
    " else None if {test} is None or {value} is None else False)",
}
