"""What do the rules say? Prints docs/rules.md: `python -m verification.rules_page > docs/rules.md`."""

from __future__ import annotations

import sys

from verification.aids import AIDS
from verification.catalogue import CATALOGUE
from verification.causes import CAUSES
from verification.conduct import CONDUCT
from verification.language.describe import rules_page
from verification.language.rule import Rule

BESIDE: tuple[Rule, ...] = (
    *(each for each in CAUSES.rules if each not in CATALOGUE.rules),
    *AIDS.rules,
    *CONDUCT,
)
"""Rules that are judged elsewhere than in a verification: causes seen on a visit, aids, and how people ask and decide."""


def page() -> str:
    """The whole page."""
    return rules_page(CATALOGUE, BESIDE)


def main() -> None:
    """Write the page to standard output."""
    sys.stdout.write(page())


if __name__ == "__main__":
    main()
