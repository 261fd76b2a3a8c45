"""What do the rules say? Prints docs/rules.md: `python -m verification.rules_page > docs/rules.md`."""

from __future__ import annotations

import sys

from verification.catalogue import CATALOGUE
from verification.language.describe import rules_page


def main() -> None:
    """Write the page to standard output."""
    sys.stdout.write(rules_page(CATALOGUE))


if __name__ == "__main__":
    main()
