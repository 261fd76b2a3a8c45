"""How is each operator written in Python? By its arguments, already written, and its constants after them."""

from __future__ import annotations

from verification.language.kinds import Kind

OPERATORS = {
    "add": "({} + {})",
    "sub": "({} - {})",
    "mul": "({} * {})",
    "floor_div": "({} // {})",
    "ceil_div": "-(-{} // {})",
    "half_up": "((2 * {0} + {1}) // (2 * {1}))",
    "mod": "({} % {})",
    "eq": "({} == {})",
    "ne": "({} != {})",
    "lt": "({} < {})",
    "le": "({} <= {})",
    "gt": "({} > {})",
    "ge": "({} >= {})",
    "least": "min({}, {})",
    "greatest": "max({}, {})",
    "month_of": "({0}.year * 12 + {0}.month - 1)",
    "first_day": "date({0} // 12, {0} % 12 + 1, 1)",
    "date_number": "({0}.year * 10000 + {0}.month * 100 + {0}.day)",
    "plus_days": "plus_days({}, {})",
    "plus_months": "plus_months({}, {})",
    "days_between": "({1}.toordinal() - {0}.toordinal())",
    "length": "len({})",
    "tidy": "tidy({})",
    "text_of": "{}",
}

COMPARISONS = frozenset({"eq", "ne", "lt", "le", "gt", "ge"})

TEXTS = {
    "part": "{0}[{1}:{2}]",
    "pick": "pick({1}, {0})",
    "contains": "({1} in {0})",
}

CALENDAR = {
    ("year_of", Kind.DATE): "{}.year",
    ("year_of", Kind.MONTH): "({} // 12)",
    ("month_in_year", Kind.DATE): "{}.month",
    ("month_in_year", Kind.MONTH): "({} % 12 + 1)",
}
