"""What can go wrong with the log, and who can do something about it?

    AuditError
    ├── Malformed                     bytes are not what their format promises: refuse them
    │   ├── MalformedNote                 signed-note, signature line
    │   ├── MalformedKey                  verifier key (vkey), public key
    │   ├── MalformedCheckpoint           tlog-checkpoint
    │   ├── MalformedTile                 tile, entry bundle, tile path
    │   ├── MalformedProof                tlog-proof, list of hashes
    │   ├── MalformedPolicy               tlog-policy
    │   └── MalformedRequest              what was sent to a witness
    ├── NotProven                     well formed, but it does not show what it claims: do not trust it
    │   ├── WrongSignature                a known key's signature does not verify
    │   ├── NotSigned                     no signature by a known key
    │   ├── WrongProof                    the hashes do not lead to the signed root
    │   ├── WrongOrigin                   a checkpoint of another log
    │   └── QuorumMissing                 too few witnesses have cosigned
    ├── NotLogged                     the entry was refused: give no answer, try again or stop
    │   ├── EntryTooLong                  over 65,535 bytes
    │   ├── QueueFull                     too many callers wait (HTTP 503)
    │   ├── Unwitnessed                   no quorum of witnesses for too long
    │   ├── SigningFailed                 the key, or the device that holds it, did not sign
    │   ├── StoreBusy                     the database cannot write now: disk full, locked, gone away
    │   └── LogClosed                     closed, or latched shut by an earlier fault
    ├── CannotOpen                    the log must not be written by this process
    │   ├── StoreDamaged                  the rows do not lead to the signed head
    │   ├── LogRolledBack                 the database is behind the last signed head
    │   ├── LogForked                     the database contradicts the last signed head
    │   └── GuardUnreadable               the file of the last signed head is damaged or of another log
    ├── NoSuchEntry                   an index or a size that the log does not have
    └── WitnessFailed                 a witness did not cosign
        ├── WitnessUnreachable            no answer, or none that could be read
        ├── WitnessElsewhere              it has seen another size: send a proof from there
        └── WitnessRefused                it found a fault in what we sent

Messages never hold an entry's content, an id number, a name or a key.
"""


class AuditError(Exception):
    """Anything the audit log can say went wrong."""


class Malformed(AuditError):
    """Bytes are not what their format promises."""


class MalformedNote(Malformed):
    """Not a signed note, or a signature line of none."""


class MalformedKey(Malformed):
    """Not a verifier key, or a public key of the wrong kind or length."""


class MalformedCheckpoint(Malformed):
    """A note whose text is not origin, size and root."""


class MalformedTile(Malformed):
    """A tile or entry bundle of the wrong length, or a path to none."""


class MalformedProof(Malformed):
    """Not a tlog-proof, or hashes that are not 32 bytes of canonical base64."""


class MalformedPolicy(Malformed):
    """Not a tlog-policy: an unknown word, name, key or quorum."""


class MalformedRequest(Malformed):
    """Not a request that a witness understands."""


class NotProven(AuditError):
    """Well formed, but it does not show what it claims."""


class WrongSignature(NotProven):
    """A signature carries a known key's name and id, and does not verify."""


class NotSigned(NotProven):
    """No signature is by a key that the reader trusts."""


class WrongProof(NotProven):
    """The hashes do not lead from the entry, or from the older head, to the signed root."""


class WrongOrigin(NotProven):
    """The checkpoint belongs to another log."""


class QuorumMissing(NotProven):
    """Fewer witnesses have cosigned than the policy asks for."""


class NotLogged(AuditError):
    """The entry was refused; what it stands for must not happen."""


class EntryTooLong(NotLogged):
    """An entry is longer than the 65,535 bytes that a bundle can hold."""


class QueueFull(NotLogged):
    """More callers wait than the log was told to let wait; come back later."""


class Unwitnessed(NotLogged):
    """No quorum of witnesses has cosigned for longer than is allowed; nothing is served until one does."""


class SigningFailed(NotLogged):
    """The signing key, or the device that holds it, gave no signature."""


class StoreBusy(NotLogged):
    """The database cannot write just now: disk full, read-only, locked, or not reachable."""


class LogClosed(NotLogged):
    """The log was closed, or an earlier fault latched it shut; it must be opened anew."""


class CannotOpen(AuditError):
    """This process must not write to the log; an operator has to look."""


class StoreDamaged(CannotOpen):
    """The rows in the database do not lead to the head that was signed over them."""


class LogRolledBack(CannotOpen):
    """The database holds fewer entries than were signed: an old backup was restored."""


class LogForked(CannotOpen):
    """The database holds other entries than were signed: there are two histories."""


class GuardUnreadable(CannotOpen):
    """The file of the last signed head cannot be read, or belongs to another log."""


class NoSuchEntry(AuditError):
    """An index or a size beyond what the log holds."""


class WitnessFailed(AuditError):
    """A witness did not cosign the checkpoint."""


class WitnessUnreachable(WitnessFailed):
    """A witness gave no answer, or none that could be read."""


class WitnessElsewhere(WitnessFailed):
    """A witness has last seen another size than the proof starts from."""

    def __init__(self, size: int) -> None:
        super().__init__(f"expected a proof from the size the witness has, `{size}`")
        self.size = size


class WitnessRefused(WitnessFailed):
    """A witness found a fault in the checkpoint, its signature or its proof."""
