"""Who did not answer? Of some households, or of somebody of them, one or two record types at random."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.verification.households import Drawn, Masks, case_of
from verification.catalogue import CATALOGUE
from verification.language.to_python import Case, mask_of
from vocabulary.records.civil_affairs import Membership

SILENT = [record for record in CATALOGUE.reads() if record is not Membership]


def some_silence(by: random.Random, homes: Sequence[Drawn]) -> Masks:
    """For one household in three, or somebody of it, one or two record types without a usable answer."""
    masks: dict[str, int] = {}
    for home in homes:
        if by.random() < 0.33:
            masks[by.choice([home.household, *home.people])] = mask_of(by.sample(SILENT, by.randint(1, 2)))
    return masks


def masks_at(home: Drawn, masks: Masks) -> Case | None:
    """The household as a case with what was not answered; None where all was."""
    own, people = masks.get(home.household, 0), {each: masks[each] for each in home.people if each in masks}
    return case_of(home, unanswered=own, unanswered_of=people) if own or people else None
