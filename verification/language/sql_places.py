"""Where do the facts of a level stand? In a table with a row a member or household, and what was told last beside it.

Those who are looked at by everything that follows are hundreds of thousands with sixty columns: to write all of
them down once more, for the few that are told from what their households came to, costs more than to join these.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from verification.language.dialect import Dialect
from verification.language.level import HOUSEHOLD, MEMBER
from verification.language.sql_text import known_name
from verification.language.stages import TEXT, Named, Stages

INNER = {
    MEMBER: ("row", "household", "person", "pmask", "hmask"),
    HOUSEHOLD: ("row", "household", "hmask"),
}
"""The columns of each level's tables besides its facts."""


@dataclass(frozen=True)
class Place:
    """A table of a level, and the facts that stand in it, or beside it.

    `beside`   the table of the `row` and the facts `added` of the same members or households
    """

    level: str
    table: str
    facts: frozenset[Named]
    beside: str = ""
    added: frozenset[Named] = frozenset()


class Places:
    """Writes what is selected from places."""

    def __init__(self, dialect: Dialect, stages: Stages) -> None:
        self.dialect, self.stages = dialect, stages

    def columns(self, level: str, facts: Iterable[Named]) -> list[str]:
        """The columns of a table of a level that holds some facts."""
        return [*INNER[level], *self.told(facts)]

    def told(self, facts: Iterable[Named]) -> list[str]:
        """The columns of some facts."""
        return [name for named in sorted(facts) for name in self.columns_of(named)]

    def columns_of(self, named: Named) -> list[str]:
        """The column of a fact, and of whether it is known, if it has one."""
        if named == TEXT:
            return ["person_text"]
        holds, name = self.stages.definition(named).holds, column_of(named)
        return [name, known_name(name)] if holds.optional and holds.uncertain else [name]

    def rows(self, place: Place, facts: Iterable[Named]) -> str:
        """A place's rows with these of its facts, and more, as something to select from."""
        q, added = self.dialect.quoted, place.added.intersection(facts)
        if not added:
            return q(place.table)
        columns = ", ".join(f"a.{q(name)}" for name in self.told(added))
        joined = f"JOIN {q(place.beside)} AS a ON a.{q('row')} = t.{q('row')}"
        return f"(SELECT t.*, {columns} FROM {q(place.table)} AS t {joined})"


def column_of(named: Named) -> str:
    """The name of a fact's column."""
    return f"{named[0][0]}_{named[1]}"
