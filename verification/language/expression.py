"""What does a rule say? An expression: an immutable typed tree that is never true or false by itself.

Two ways in which a value may be missing are kept apart, always:

    unknown   the source did not answer, was not asked, is stale. It goes through everything by
              Kleene's logic (false and unknown = false, true or unknown = true) and no expression
              can resolve it: only an answer can.
    absent    the source was asked and the register has no such value. The type says so
              (`optional`) and the rule must resolve it, with `.otherwise(…)`, `.missing()` or
              `.required()`, before it reaches a condition; else the declaration is refused.

An operator on a value that may be absent gives one that may be absent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

from verification.language.kinds import ORDERED, WHOLE, Kind, KindsDiffer, MayBeAbsent, Value, kind_of
from vocabulary.codes import Code


@dataclass(frozen=True, eq=False)
class Expr:
    """A node: `op` on `args`, with `constants` where the operator carries some.

    `optional`    may be absent; `uncertain`  may be unknown
    `bound`       rests on a sum of what happened to be answered: not for conditions
    `digest`      sha256 of the canonical tree, hex; equal digests mean the same expression
    """

    op: str
    args: tuple[Expr, ...]
    kind: Kind
    constants: tuple[Value, ...] = ()
    optional: bool = False
    uncertain: bool = False
    bound: bool = False
    codes: type[Code] | None = None
    digest: str = field(init=False, default="")

    def __post_init__(self) -> None:
        text = "\x1f".join((*self.identity(), *(arg.digest for arg in self.args)))
        object.__setattr__(self, "digest", hashlib.sha256(text.encode()).hexdigest())

    def identity(self) -> Iterator[str]:
        """What makes this node itself, without its arguments; a leaf adds what it refers to."""
        yield from (self.op, self.kind.value, self.codes.__name__ if self.codes else "")
        yield from (f"{kind_of(constant).value}:{constant}" for constant in self.constants)

    @cached_property
    def nodes(self) -> tuple[Expr, ...]:
        """As `walk` gives them; kept, because what is said of an expression is asked of it many times."""
        found: dict[str, Expr] = {}

        def visit(node: Expr) -> None:
            if node.digest not in found:
                for arg in node.args:
                    visit(arg)
                found[node.digest] = node

        visit(self)
        return tuple(found.values())

    def __bool__(self) -> bool:
        raise KindsDiffer(
            "an expression is neither true nor false: write & | ~ and first_of, not and, or, not, if"
        )

    def __add__(self, other: Expr | Value) -> Expr:
        return _sum("add", self, lift(other, beside=self))

    def __radd__(self, other: Value) -> Expr:
        return _sum("add", lift(other, beside=self), self)

    def __sub__(self, other: Expr | Value) -> Expr:
        return _sum("sub", self, lift(other, beside=self))

    def __rsub__(self, other: Value) -> Expr:
        return _sum("sub", lift(other, beside=self), self)

    def __mul__(self, other: Expr | Value) -> Expr:
        return _product(self, lift(other))

    def __rmul__(self, other: Value) -> Expr:
        return _product(lift(other), self)

    def __eq__(self, other: object) -> Expr:  # type: ignore[override] # a comparison is a tree, not an answer
        return _comparison("eq", self, other)

    def __ne__(self, other: object) -> Expr:  # type: ignore[override] # as above
        return _comparison("ne", self, other)

    def __lt__(self, other: Expr | Value) -> Expr:
        return _comparison("lt", self, other)

    def __le__(self, other: Expr | Value) -> Expr:
        return _comparison("le", self, other)

    def __gt__(self, other: Expr | Value) -> Expr:
        return _comparison("gt", self, other)

    def __ge__(self, other: Expr | Value) -> Expr:
        return _comparison("ge", self, other)

    def __and__(self, other: Expr | bool) -> Expr:
        return _logic("and", self, lift(other))

    def __rand__(self, other: bool) -> Expr:
        return _logic("and", lift(other), self)

    def __or__(self, other: Expr | bool) -> Expr:
        return _logic("or", self, lift(other))

    def __ror__(self, other: bool) -> Expr:
        return _logic("or", lift(other), self)

    def __invert__(self) -> Expr:
        return _logic("not", self)

    __hash__ = object.__hash__

    def missing(self) -> Expr:
        """Whether the register has no such value. Unknown stays unknown."""
        if not self.optional:
            raise KindsDiffer("expected a value that may be absent before `.missing`, got one that never is")
        return make("missing", self, kind=Kind.FLAG, optional=False)

    def otherwise(self, value: Expr | Value) -> Expr:
        """The value, or `value` where the register has none. Unknown stays unknown."""
        other = lift(value, beside=self)
        if not self.optional:
            raise KindsDiffer(
                "expected a value that may be absent before `.otherwise`, got one that never is"
            )
        same_kind("otherwise", self, other)
        return make("otherwise", self, other, kind=self.kind, optional=other.optional, codes=self.codes)

    def required(self) -> Expr:
        """The value; unknown where the register has none: what everybody has cannot be told from its absence."""
        if not self.optional:
            raise KindsDiffer("expected a value that may be absent before `.required`, got one that never is")
        whole = make("required", self, kind=self.kind, optional=False, codes=self.codes)
        return replace(whole, uncertain=True)

    def among(self, *values: Value) -> Expr:
        """Whether it is one of these values."""
        members = tuple(lift(value, beside=self) for value in values)
        if not members:
            raise KindsDiffer("expected at least one value in `among`, got none")
        for member in members:
            same_kind("among", self, member)
        return make("among", self, *members, kind=Kind.FLAG)


def literal(value: Value, kind: Kind | None = None) -> Expr:
    """A constant. Raises `KindsDiffer` for a float or anything else that is no value of the language."""
    found = kind_of(value)
    return Expr(
        "literal",
        (),
        kind or found,
        constants=(value,),
        codes=type(value) if isinstance(value, Code) else None,
    )


def nothing(kind: Kind, codes: type[Code] | None = None) -> Expr:
    """The absent value of a kind: what a register says that has no such entry."""
    return Expr("nothing", (), kind, optional=True, codes=codes)


def lift(value: object, *, beside: Expr | None = None) -> Expr:
    """An expression from a literal; a plain number beside money is taken for fen."""
    if isinstance(value, Expr):
        return value
    if not isinstance(value, (int, str, date)):
        raise KindsDiffer(f"expected an expression or a literal, got `{type(value).__name__}`")
    plain = kind_of(value)
    if plain is Kind.NUMBER and beside is not None and beside.kind is Kind.FEN:
        return literal(value, Kind.FEN)
    return literal(value)


def make(
    op: str,
    *args: Expr,
    kind: Kind,
    optional: bool | None = None,
    codes: type[Code] | None = None,
    constants: tuple[Value, ...] = (),
) -> Expr:
    """A node whose doubts are those of its arguments; `optional` only where the operator resolves absence."""
    return Expr(
        op,
        args,
        kind,
        constants=constants,
        optional=any(arg.optional for arg in args) if optional is None else optional,
        uncertain=any(arg.uncertain for arg in args),
        bound=any(arg.bound for arg in args),
        codes=codes,
    )


def same_kind(op: str, *args: Expr) -> None:
    """Refuse kinds, or code lists, that differ. Raises `KindsDiffer`."""
    first = args[0]
    for other in args[1:]:
        if other.kind is not first.kind:
            raise KindsDiffer(
                f"expected one kind on both sides of `{op}`, got {first.kind.value} and {other.kind.value}"
            )
        if other.codes is not first.codes:
            raise KindsDiffer(f"expected codes of one list in `{op}`, got {_list(first)} and {_list(other)}")


def certain_presence(what: str, *args: Expr) -> None:
    """Refuse a value that may be absent. Raises `MayBeAbsent`."""
    if any(arg.optional for arg in args):
        raise MayBeAbsent(f"{what} may be absent: say what then with `.otherwise(…)` or ask `.missing()`")


def needs(op: str, allowed: frozenset[Kind], *args: Expr) -> None:
    """Refuse an operand of another kind. Raises `KindsDiffer`."""
    for arg in args:
        if arg.kind not in allowed:
            names = " or ".join(sorted(kind.value for kind in allowed))
            raise KindsDiffer(f"expected {names} in `{op}`, got {arg.kind.value}")


def walk(expr: Expr) -> Iterator[Expr]:
    """Every node once, arguments before what is made of them."""
    return iter(expr.nodes)


def every_part(condition: Expr) -> Iterator[Expr]:
    """The conditions that must all hold for one to hold."""
    if condition.op == "and":
        for arg in condition.args:
            yield from every_part(arg)
    else:
        yield condition


def with_args(expr: Expr, args: tuple[Expr, ...]) -> Expr:
    """The same node on other arguments, of the same kinds."""
    if all(new is old for new, old in zip(args, expr.args, strict=True)):
        return expr
    return replace(expr, args=args)


def _sum(op: str, left: Expr, right: Expr) -> Expr:
    """Amounts with amounts, numbers with numbers; a month moves by a number, two months differ by one."""
    if left.kind is Kind.MONTH:
        if op == "sub" and right.kind is Kind.MONTH:
            return make(op, left, right, kind=Kind.NUMBER)
        needs(op, frozenset({Kind.NUMBER}), right)
        return make(op, left, right, kind=Kind.MONTH)
    if op == "add" and right.kind is Kind.MONTH:
        return _sum(op, right, left)
    needs(op, WHOLE, left, right)
    same_kind(op, left, right)
    return make(op, left, right, kind=left.kind)


def _product(left: Expr, right: Expr) -> Expr:
    needs("mul", WHOLE, left, right)
    if left.kind is right.kind is Kind.FEN:
        raise KindsDiffer("expected an amount times a number, got an amount times an amount")
    fen = Kind.FEN in (left.kind, right.kind)
    return make("mul", left, right, kind=Kind.FEN if fen else Kind.NUMBER)


def _comparison(op: str, left: Expr, value: object) -> Expr:
    right = lift(value, beside=left)
    if left.op == "literal" and left.kind is Kind.NUMBER and right.kind is Kind.FEN:
        left = literal(left.constants[0], Kind.FEN)
    same_kind(op, left, right)
    if op not in ("eq", "ne"):
        needs(op, ORDERED, left, right)
    return make(op, left, right, kind=Kind.FLAG)


def _logic(op: str, *args: Expr) -> Expr:
    needs(op, frozenset({Kind.FLAG}), *args)
    certain_presence(f"an operand of `{op}`", *args)
    return make(op, *args, kind=Kind.FLAG)


def _list(expr: Expr) -> str:
    return expr.codes.__name__ if expr.codes else "text"
