"""What was made earlier for the very same objects? The least used is forgotten first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

V = TypeVar("V")


class Kept(Generic[V]):
    """Values by the identity of objects and by equal keys. Used by one event loop.

    The objects are kept alive with the value, so that no other object can come to have their identity.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._found: OrderedDict[Hashable, tuple[tuple[object, ...], V]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._found)

    def of(self, *objects: object, key: Hashable = (), make: Callable[[], V]) -> V:
        """What was made for these objects under this key, or is made now. Raises what `make` raises.

        Raises `TypeError` for a key that cannot be hashed.
        """
        whole = (*map(id, objects), key)
        found = self._found.get(whole)
        if found is not None:
            self._found.move_to_end(whole)
            return found[1]
        made = make()
        self._found[whole] = (objects, made)
        if len(self._found) > self._most:
            self._found.popitem(last=False)
        return made
