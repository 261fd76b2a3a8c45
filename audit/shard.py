"""How does one year's log end, and the next begin, without a gap that an outsider could not see?

A log that grows for ever is copied and verified at ever greater cost. Once a year it is ended:
nothing can be added any more, by any process. A new log with an origin of its own begins, and
its first entry states the head at which the old one ended.

For a log that stands alone: what others keep in the old one's database, as the gateway keeps its cases,
stays there. So no command does this.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from audit.log import Log
from audit.note import Checkpoint, Note, Signer


async def continue_in(
    old: Log,
    url: str,
    *,
    origin: str,
    signers: Sequence[Signer],
    guard: Path,
    first_entry: Callable[[Checkpoint], bytes],
) -> Log:
    """End `old` and open the log that continues it, with the old one's last head as entry 0.

    `origin`        of the new log, for example `hedui.example/honghuagang/2027`
    `guard`         of the new log: its own file
    `first_entry`   makes entry 0 from the last head: an event `log.continued`
    When it was interrupted, the same call goes on where it stopped. `old` stays readable until it is closed.
    Raises what `Log.open` and `Log.append` raise.
    """
    last = Checkpoint.parse(Note.parse(await old.end(origin)).text)
    new = await Log.open(url, origin=origin, signers=signers, guard=guard)
    if Checkpoint.parse(Note.parse(await new.checkpoint()).text).size == 0:
        await new.append(first_entry(last))
    return new
