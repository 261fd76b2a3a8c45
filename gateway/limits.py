"""How large may a question be, and how often may somebody ask? As the settings say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from gateway.document import Limits
from gateway.pace import OwnCounts, Pace, Pacing, SharedCounts
from gateway.settings import Settings


def limits_of(settings: Settings) -> Limits:
    """How large a document may be."""
    return Limits(
        source_bytes=settings.max_document_bytes,
        tokens=settings.max_tokens,
        comments=settings.max_comments,
        depth=settings.max_depth,
        introspection_depth=settings.max_introspection_depth,
        aliases=settings.max_aliases,
        fragments=settings.max_fragments,
        spreads=settings.max_spreads,
        directives=settings.max_directives,
        list_items=settings.max_list_items,
        roots=settings.max_roots,
        cost=settings.max_cost,
    )


def pacing_of(
    settings: Settings, pseudonym: Callable[[str], str], *, clock: Callable[[], datetime]
) -> Pacing:
    """How often somebody may ask, counted in this process, or for all that share the port."""
    pace = Pace(
        questions=settings.max_questions_per_minute,
        households=settings.max_households_per_hour,
        misses=settings.max_misses_per_hour,
        about=settings.max_questions_per_household,
        claims=settings.max_claims_per_day,
        listed=settings.max_listed_per_hour,
    )
    counts = OwnCounts() if settings.workers == 1 else SharedCounts(settings.run_folder / "pace.sqlite")
    return Pacing(pace, counts, pseudonym=pseudonym, clock=clock)
