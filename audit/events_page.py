"""How does the catalogue of events look on the page that specifies the log?"""

from __future__ import annotations

from audit import kinds
from audit.catalogue import EVENTS, Event
from audit.kinds import Kind

_NAMES = {id(kind): name.lower() for name, kind in vars(kinds).items() if isinstance(kind, Kind)}


def events_table() -> str:
    """One row an event: its meaning, its public fields with their kinds, what may be committed to, its subjects."""
    rows = "\n".join(_row(name, event) for name, event in EVENTS.items())
    return f"| event | meaning | public fields | committed | subjects |\n|---|---|---|---|---|\n{rows}\n"


def _row(name: str, event: Event) -> str:
    required = [f"`{field}` {_NAMES[id(kind)]}" for field, kind in event.fields.items()]
    optional = [f"[`{field}` {_NAMES[id(kind)]}]" for field, kind in event.optional.items()]
    committed = ", ".join(f"`{field}`" for field in sorted(event.committed)) or "–"
    fewest = "1 or more" if event.fewest_subjects else "0 or more"
    return f"| `{name}` | {event.says} | {', '.join(required + optional)} | {committed} | {fewest} |"
