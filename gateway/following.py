"""How is a question answered that takes long? Answer after answer, on one connection, until it is done."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from gateway.inquiry import Answered, Asked, Office, inquire


async def follow(asked: Asked, office: Office) -> AsyncGenerator[Answered, None]:
    """The answers to a question. Raises what `inquire` raises, before the first of them."""
    yield await inquire(asked, office)
