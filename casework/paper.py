"""What does a paper say that leaves the house? Headings, sentences and tables, before they are a page or a PDF."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a paper: sentences first, then a table with its heads; either may be empty."""

    heading: str
    sentences: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Paper:
    """A letter or a report. `footer` is the line on its use, which stands on every page of it."""

    title: str
    number: str
    parts: tuple[Part, ...]
    footer: str
