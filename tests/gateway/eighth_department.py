"""Asks a gateway with folders of contracts and agreements of its own; a program, so that nothing is built of types before.

python -m tests.gateway.eighth_department <what.json>
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from gateway.client import Client
from gateway.persona import PERSONAS, mint
from gateway.serving import Background
from gateway.settings import Settings

QUESTION = """
query ($number: ID) {
  household(number: $number) {
    members { person: idNumber residencePermit {
      state reason asOf count catalogueId department
      records { recordId permit status issuedOn validUntil deposit address holder }
    } }
  }
}
"""


def main() -> None:
    """Print the answer of each persona as JSON."""
    what = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    settings = Settings.load(env="dev", port=0, **what["settings"])
    told = {}
    with Background(settings, today=lambda: date.fromisoformat(what["on"])) as gateway:
        for persona in what["personas"]:
            who = PERSONAS[persona]
            token = mint(settings, who, at=datetime.now(UTC))
            answer = Client(gateway.address, token, who.purpose.value, "HD-2026-0001").ask(
                QUESTION, {"number": what["household"]}
            )
            told[persona] = {"data": answer.data, "extensions": answer.extensions}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
