"""What are rows gathered to in Python? Aggregates: one loop for all that look at the same rows of the same person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager

from verification.language.expression import Expr, walk
from verification.language.kinds import Kind
from verification.language.level import MEMBER, MemberRows, asked_by
from verification.language.python_draw import Draw, key_of, persons_of
from verification.language.python_operators import NONE, QUANTIFIED, START, TAKE, TAKE_PLAIN
from verification.language.python_text import Text
from verification.language.python_wanted import Index, Looked
from verification.language.rows import Aggregate, Grouped, Match
from verification.language.source import ColumnOf, Filtered, Plan, Records, column
from vocabulary.records.civil_affairs import Membership
from vocabulary.register import RECORD_TYPES


class RowsText:
    """Writes the lines that make aggregates of rows, and those that draw the rows.

    `looked`   what is looked at of drawn rows; everything, where that is not said
    """

    def __init__(self, text: Text, looked: Looked | None = None) -> None:
        self.text = text
        self.text.constants["written_month"] = _written_month
        self._looked = looked or Looked()
        self._together: set[Index] = set()
        """Of which rows, and whose, all aggregates are made in one loop, whichever of the rows each wants."""
        self._draw = Draw(text, self._group, self._looked)

    def column(self, expr: ColumnOf) -> str:
        """How a column of the row `r` is written."""
        return self._draw.column(expr)

    def draw(self, plan: Plan) -> str:
        """The name of the list of a source's rows, drawn before this line."""
        return self._draw.rows(plan)

    def apart(self) -> AbstractContextManager[None]:
        """What is drawn meanwhile is forgotten afterwards: it may not have been, where code goes on."""
        return self._draw.apart()

    def prepare(self, exprs: Iterable[Expr | None]) -> None:
        """Draw and index all rows at which aggregates will look."""
        wanted, aggregates = self._draw.wanted(), [expr for expr in exprs if isinstance(expr, Aggregate)]
        self._put_together(aggregates)
        for expr in aggregates:
            if not isinstance(expr.plan.root, MemberRows):
                wanted.index(self._looped(expr), expr.on or ())
            if expr.match is not None:
                wanted.index(expr.match.plan, expr.match.on or ())
        self._draw.all(wanted)

    def _put_together(self, aggregates: list[Aggregate]) -> None:
        """Where several look at some of the same rows, one loop over all of these serves; what each wants it tests there."""
        alike: dict[Index, set[str]] = {}
        for each in aggregates if self.text.plain else ():
            alike.setdefault((each.plan.root.digest, each.on or ()), set()).add(each.plan.digest)
        self._together |= {rows for rows, plans in alike.items() if len(plans) > 1}

    def _looped(self, each: Aggregate) -> Plan:
        """The plan over whose rows the loop goes in which an aggregate is made."""
        root = each.plan.root
        return root if (root.digest, each.on or ()) in self._together else each.plan

    def _filter(self, each: Aggregate) -> Expr | None:
        """What an aggregate wants of a row besides its own condition, where it is made in a loop over more rows."""
        plan = each.plan
        return plan.condition if isinstance(plan, Filtered) and self._looped(each) is not plan else None

    def gather(self, wanted: list[tuple[str, Expr]], level: str) -> None:
        """Write each aggregate into its variable, one loop for those that look at the same rows."""
        groups: dict[tuple[str, tuple[str, ...]], list[tuple[str, Aggregate]]] = {}
        for name, expr in wanted:
            if isinstance(expr, Aggregate):
                groups.setdefault((self._looped(expr).digest, expr.on or ()), []).append((name, expr))
        for items in groups.values():
            self._loop(items, level)

    def _loop(self, items: list[tuple[str, Aggregate]], level: str) -> None:
        """The aggregates of one index; in a plain case nothing is done where the index is empty."""
        first = items[0][1]
        members = isinstance(first.plan.root, MemberRows)
        index = None if members else self._draw.index(self._looped(first), first.on or ())
        if not self.text.plain or index is None:
            self._start(items, START)
            self._gathered(items, index, level)
            return
        self._start(items, NONE)
        with self.text.block(f"if {index}:"):
            self._start([item for item in items if START[item[1].op] != NONE[item[1].op]], START)
            self._gathered(items, index, level)

    def _gathered(self, items: list[tuple[str, Aggregate]], index: str | None, level: str) -> None:
        first = items[0][1]
        sets: dict[object, str] = {}
        matched = {name: self._matched(each, level, sets) for name, each in items if each.match is not None}
        rows = "members" if index is None else self._own(index, self._looped(first), first.on or (), level)
        with self.text.block(f"for {'m' if index is None else 'r'} in {rows}:"):
            self._items(items, matched)
        for name, each in items:
            self._finish(name, each)

    def _start(self, items: list[tuple[str, Aggregate]], starts: Mapping[str, str]) -> None:
        """What aggregates start from; those that start from the same constant in one line."""
        alike: dict[str, list[str]] = {}
        for name, each in items:
            alike.setdefault(starts[each.op], []).append(name)
            if self._may_doubt(each):
                alike.setdefault("False", []).append(f"u_{name}")
        for start, names in alike.items():
            for some in [[name] for name in names] if start == "set()" else [names]:
                self.text.line(f"{' = '.join(some)} = {start}")

    def _group(self, plan: Grouped, rows: str) -> dict[str, str]:
        """What a group of rows comes to."""
        looked = self._looked.columns.get(plan.digest, plan.values.keys())
        variables = {each: self.text.fresh() for each in plan.values if each in looked}
        items = [(variables[each], plan.values[each]) for each in variables]
        self._start(items, START)
        with self.text.block(f"for r in {rows}:"):
            self._items(items, {})
        for name, value in items:
            self._finish(name, value)
        return variables

    def _items(self, items: list[tuple[str, Aggregate]], matched: Mapping[str, str]) -> None:
        """Take a row into all aggregates; what several demand of it is tested once."""
        sure: list[_Demand] = []
        for _, each in items:
            if not self._certain(each):
                self.text.expect(each.condition, each.role("value"), each.role("by"))
        for name, each in items:
            if not self._certain(each):
                self._item(name, each, matched.get(name))
                continue
            found = matched.get(name)
            wanted = (each.role("during"), self._filter(each), each.role("where"))
            demands: list[Expr | str] = [part for one in wanted for part in _conjuncts(one)]
            sure.append(([*demands, *([found] if found is not None else [])], name, each))
        self._demanded(sure)

    def _demanded(self, items: list[_Demand]) -> None:
        """One test for those whose demands begin alike, and beneath it what they demand besides."""
        alike: dict[str, list[_Demand]] = {}
        at_once = [(name, each) for demands, name, each in items if not demands]
        self.text.expect(*(arg for _, each in at_once for arg in (each.role("value"), each.role("by"))))
        for demands, name, each in items:
            if demands:
                mark = demands[0].digest if isinstance(demands[0], Expr) else demands[0]
                alike.setdefault(mark, []).append((demands, name, each))
        # Of one alone all demands are one test.
        tests = [some[0][0] if len(some) == 1 else some[0][0][:1] for some in alike.values()]
        self.text.expect(*(part for test in tests for part in test if isinstance(part, Expr)))
        self._name_shared(list(alike.values()))
        for name, each in at_once:
            self._take(name, each)
        for test, some in zip(tests, alike.values(), strict=True):
            text = " and ".join(self.text.write(part) if isinstance(part, Expr) else part for part in test)
            with self.text.block(f"if {text}:", alone=True):
                self._demanded([(demands[len(test) :], name, each) for demands, name, each in some])

    def _name_shared(self, tests: list[list[_Demand]]) -> None:
        """What one of the tests side by side computes, and more than that test uses, is computed before them all."""
        used = Counter(
            digest
            for some in tests
            for expr in {expr.digest: expr for expr in _looked_at_by(some)}.values()
            for digest in {node.digest for node in walk(expr)}
        )
        for some in tests:
            first = some[0][0][0]
            for node in walk(first) if isinstance(first, Expr) else ():
                if used[node.digest] > 1 and not node.optional and node.op not in ("literal", "fact"):
                    self.text.name(node)

    def _certain(self, each: Aggregate) -> bool:
        args = (each.condition, each.role("value"))
        return not any(arg is not None and self.text.doubtful(arg) for arg in args)

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
        """Where the condition or the value may be unknown; else `_take` does."""
        test, _ = self._condition(each, matched)
        value = each.role("value")
        some = each.op == "rows some"
        with self.text.block(f"if {name} is not {some}:"):
            found = test = self.text.name_for(test)
            if value is not None:
                held_name = self.text.name(value)
                found = self.text.name_for(QUANTIFIED[each.op].format(test=test, value=held_name))
            self.text.line(f"if {found} is {some}: {name} = {some}")
            self.text.line(f"elif {found} is None: u_{name} = True")

    def _take(self, name: str, each: Aggregate) -> None:
        value = each.role("value")
        if each.op == "rows count":
            self.text.line(f"{name} += 1")
        elif each.op in ("rows some", "rows every"):
            some = each.op == "rows some"
            held = (
                ""
                if value is None
                else f"if {self.text.write(value) if some else 'not ' + self.text.write(value)}: "
            )
            self.text.line(f"{held}{name} = {some}")
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
            taken = TAKE_PLAIN if self.text.plain and each.op in TAKE_PLAIN else TAKE
            lines = [line.format(a=name, v=written) for line in taken[each.op]]
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
            names = self._draw.columns(root)
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
        tests = [] if self.text.plain else list(self._unanswered(each))
        if self._may_doubt(each):
            undecided = {"rows some": f" and {name} is not True", "rows every": f" and {name} is not False"}
            tests.append(f"u_{name}{undecided.get(each.op, '')}")
        if tests:
            self.text.line(f"if {' or '.join(tests)}: {name} = None")

    def _may_doubt(self, each: Aggregate) -> bool:
        """Whether a row may leave the aggregate in doubt."""
        args = (each.condition, each.role("value"), each.role("by"))
        doubtful = any(arg is not None and self.text.doubtful(arg) for arg in args)
        return not each.lenient and (doubtful or (each.op == "rows only" and not self.text.plain))

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

    def _matched(self, each: Aggregate, level: str, sets: dict[object, str]) -> str:
        """The test on the row `r`: whether other rows have the same in the matching columns.

        `sets`   what other rows have, by whose it is: each is written once
        """
        match, condition = each.match, each.role("matched")
        assert match is not None
        whose = (match.plan.digest, match.on, match.columns, None if condition is None else condition.digest)
        if whose not in sets:
            sets[whose] = self._others(match, condition, level)
        mine = [self.text.name_of(column(each.plan, by)) for by in match.columns]
        return f"({key_of(mine)} {'in' if match.present else 'not in'} {sets[whose]})"

    def _others(self, match: Match, condition: Expr | None, level: str) -> str:
        """Write the set of what the other rows have in the matching columns, and give its name."""
        theirs = [column(match.plan, each) for each in match.columns]
        name = self.text.fresh()
        self.text.line(f"{name} = set()")
        index = self._draw.index(match.plan, match.on or ())
        with self.text.block(f"for r in {self._own(index, match.plan, match.on or (), level)}:"):
            self.text.expect(condition)
            if condition is None:
                self._add_matched(name, theirs)
            else:
                with self.text.block(f"if {self.text.write(condition)}:"):
                    self._add_matched(name, theirs)
        return name

    def _add_matched(self, name: str, columns: list[ColumnOf]) -> None:
        written = [self.text.write(each) for each in columns]
        absent = [text for text, each in zip(written, columns, strict=True) if each.optional]
        add = f"{name}.add({key_of(written)})"
        self.text.line(
            f"if {' and '.join(f'{text} is not ABSENT' for text in absent)}: {add}" if absent else add
        )

    def _own(self, index: str, plan: Plan, on: tuple[str, ...], level: str) -> str:
        """The rows of the member or household at hand."""
        keys = ["p" for _ in persons_of(plan, on)]
        assert level == MEMBER or not keys, "a household has no id number"
        return f"{index}.get({key_of(keys)}, ())" if keys else index


_Demand = tuple[list[Expr | str], str, Aggregate]
"""What an aggregate demands of a row, all of which must hold, as expressions or as text; its name; itself."""


def _looked_at_by(demands: list[_Demand]) -> Iterable[Expr]:
    """The demands and values of aggregates."""
    for wanted, _, each in demands:
        yield from (one for one in wanted if isinstance(one, Expr))
        yield from (arg for arg in (each.role("value"), each.role("by")) if arg is not None)


def _conjuncts(condition: Expr | None) -> list[Expr]:
    if condition is None:
        return []
    return (
        [condition] if condition.op != "and" else [part for arg in condition.args for part in _conjuncts(arg)]
    )


def _written_month(ordinal: int) -> str:
    return f"{ordinal // 12:04d}-{ordinal % 12 + 1:02d}"
