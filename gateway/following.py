"""How is a question answered that takes long? Answer after answer, on one connection, until it is over.

The intent is durable before the first answer, and the outcome before the last: who hangs up
earlier leaves an outcome that says so. What comes between tells how far something is, and
nothing of anybody; it is told for as long as the caller's token is good.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from graphql import OperationType

from audit.errors import AuditError
from gateway.access import Errand, Refused
from gateway.acts import NotDone, deeds_of
from gateway.answer import as_it_leaves, tell
from gateway.caller import Caller, NotAuthenticated
from gateway.errors import BadArgument, NotLogged
from gateway.inquiry import answered_of
from gateway.office import Answered, Asked, Office
from gateway.permitting import intended, permitted, refusal_noted
from gateway.plan import Plan
from gateway.trace import Came, Intent
from gateway.view import Shown

FOLLOWED, LEFT, EXPIRED, NOT_DONE = "FOLLOWED", "LEFT", "EXPIRED", "NOT_DONE"
"""Results of a following: to its end; until the caller hung up, or was known no longer; or it could not begin."""


async def follow(asked: Asked, office: Office) -> AsyncGenerator[Answered, None]:
    """The answers to a question; of a query or a mutation the one there is. Raises what `inquire` raises."""
    caller = await office.trust.caller(asked.authorization, at=office.clock())
    try:
        errand, allowed = permitted(asked, caller, office)
        if allowed.question.document.operation.operation is OperationType.SUBSCRIPTION:
            async with aclosing(_followed(allowed, caller, errand, asked, office)) as answers:
                async for answered in answers:
                    yield answered
        else:
            yield await answered_of(allowed, caller, errand, asked, office)
    except Refused as refused:
        await refusal_noted(refused, caller, asked, office)
        raise


async def _followed(
    allowed: Plan, caller: Caller, errand: Errand, asked: Asked, office: Office
) -> AsyncGenerator[Answered, None]:
    (deed,) = deeds_of(allowed.question.document, office.schema)
    intent = await intended(allowed, caller, errand, asked, office)
    result, data = LEFT, as_it_leaves(None)
    try:
        async for event in office.watching[deed.name](caller, deed.arguments):
            await office.trust.caller(asked.authorization, at=office.clock())
            told = tell(
                allowed, Shown(None, None, {}, {deed.key: event}), schema=office.schema, shows=office.shows
            )
            if event.is_over:
                result, data = FOLLOWED, told.written
                yield Answered(told, data, await _outcome(intent, data, result, office))
                return
            yield Answered(told, told.written, None)
    except NotAuthenticated:
        result = EXPIRED
        raise
    except NotDone as error:
        result = NOT_DONE
        raise BadArgument(str(error), argument=next(iter(deed.arguments), "")) from None
    except AuditError as error:
        raise NotLogged(f"expected the log to be read, got {type(error).__name__}") from error
    finally:
        if result != FOLLOWED:
            await _outcome(intent, data, result, office)


async def _outcome(intent: Intent, data: bytes, result: str, office: Office) -> str:
    came = Came(data=data, subjects=(), sources={}, persons={}, result=result)
    return (await office.trace.outcome(intent, came)).receipt
