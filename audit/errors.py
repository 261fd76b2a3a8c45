"""What can go wrong with the log, and who can do something about it?

    AuditError
    ├── Malformed                     bytes are not what their format promises: refuse them
    │   ├── MalformedNote                 signed-note, signature line
    │   ├── MalformedKey                  verifier key (vkey), public key
    │   ├── MalformedCheckpoint           tlog-checkpoint
    │   ├── MalformedTile                 tile, entry bundle, tile path
    │   ├── MalformedProof                tlog-proof, list of hashes
    │   ├── MalformedPolicy               tlog-policy
    │   ├── MalformedRequest              what was sent to a witness
    │   ├── NotCanonical                  JSON that is not in its one canonical spelling
    │   ├── MalformedEntry                an entry that the catalogue of events does not know
    │   ├── MalformedDisclosure           an opened field
    │   ├── MalformedSample               a sample record or its frame
    │   ├── MalformedServedList           a department's list of what it served
    │   ├── MalformedStatement            a statement of who looked at a person
    │   └── MalformedBundle               the container of an evidence bundle
    ├── NotProven                     well formed, but it does not show what it claims: do not trust it
    │   ├── WrongSignature                a known key's signature does not verify
    │   ├── NotSigned                     no signature by a known key
    │   ├── WrongProof                    the hashes do not lead to the signed root
    │   ├── WrongOrigin                   a checkpoint of another log
    │   ├── QuorumMissing                 too few witnesses have cosigned
    │   ├── FileMissing                   a file that has to be in the bundle is not
    │   ├── FileUnexpected                a file that nothing vouches for
    │   ├── FileChanged                   a file is not what the log or the list of contents says
    │   ├── StatementIncomplete           a statement did not search a part of the log
    │   ├── WrongDisclosure               an opened value is not the one committed to
    │   └── WrongSample                   the sample does not follow from the log and the secret
    ├── NotLogged                     the entry was refused: give no answer, try again or stop
    │   ├── EntryRefused                  the fields do not fit the catalogue, or look personal
    │   ├── EntryTooLong                  over 65,535 bytes
    │   ├── OneRefused                    this entry alone; the others of its batch are taken
    │   │   ├── ChangeRefused                 what was to change with it has changed since, or breaks a rule of its table
    │   │   └── KeyUnusable                   the secret of one of its subjects does not open under this vault key
    │   ├── QueueFull                     too many callers wait (HTTP 503)
    │   ├── Unwitnessed                   no quorum of witnesses for too long
    │   ├── SigningFailed                 the key, or the device that holds it, did not sign
    │   ├── StoreBusy                     the database cannot write now: disk full, locked, gone away
    │   ├── StoreBroken                   the database failed for good; the log latches shut
    │   ├── LogEnded                      another log continues this one
    │   └── LogClosed                     closed, or latched shut by an earlier fault
    ├── CannotOpen                    the log must not be written by this process
    │   ├── OtherSchema                   the database is of another version: migrate it
    │   ├── StoreDamaged                  the rows do not lead to the signed head
    │   ├── LogRolledBack                 the database is behind the last signed head
    │   ├── LogForked                     the database contradicts the last signed head
    │   └── GuardUnreadable               the file of the last signed head is damaged or of another log
    ├── Unreadable                    what was sealed cannot be opened
    │   ├── Shredded                      a subject's secret was destroyed: nobody can open it again
    │   └── WrongVaultKey                 another key than the one it was sealed under, or changed bytes
    ├── BundleTooLarge                does not fit a zip archive: write a directory
    ├── SampleImpossible              more is asked for than there is to draw from
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


class NotCanonical(Malformed):
    """JSON that is not in its one canonical spelling, or a value that has none."""


class MalformedEntry(Malformed):
    """Bytes that are no entry of the catalogue: unknown event, field or value."""


class MalformedDisclosure(Malformed):
    """Not an opened field, or not a list of them."""


class MalformedSample(Malformed):
    """Not a sample record, or a frame that is not a list of indexes and strata."""


class MalformedServedList(Malformed):
    """Not a department's list of what it served on one day."""


class MalformedStatement(Malformed):
    """Not a statement of who looked at a person."""


class MalformedBundle(Malformed):
    """Not an evidence bundle: the container itself is wrong."""


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


class FileMissing(NotProven):
    """A file that has to be in the bundle is not there."""


class FileUnexpected(NotProven):
    """A file is in the bundle that nothing in it vouches for."""


class FileChanged(NotProven):
    """A file is not what the log, or the list of contents, says it is."""


class StatementIncomplete(NotProven):
    """A statement leaves a part of the log unsearched: entries of an epoch whose pseudonym it does not name."""


class WrongDisclosure(NotProven):
    """An opened value is not the one that the entry commits to."""


class WrongSample(NotProven):
    """The sample does not follow from the log, the signed checkpoint and the revealed secret."""


class NotLogged(AuditError):
    """The entry was refused; what it stands for must not happen."""


class EntryRefused(NotLogged):
    """What was to be logged does not fit the catalogue of events, or looks like personal data."""


class EntryTooLong(NotLogged):
    """An entry is longer than the 65,535 bytes that a bundle can hold."""


class OneRefused(NotLogged):
    """One entry of a batch stands in the way of the others. `at` is its place in the batch."""

    def __init__(self, message: str, *, at: int) -> None:
        super().__init__(message)
        self.at = at


class ChangeRefused(OneRefused):
    """What was to change with the entry is not as it was when it was read: read it again."""


class KeyUnusable(OneRefused):
    """The secret of one of the entry's subjects does not open: the vault key is another, or the row was changed."""


class QueueFull(NotLogged):
    """More callers wait than the log was told to let wait; come back later."""


class Unwitnessed(NotLogged):
    """No quorum of witnesses has cosigned for longer than is allowed; nothing is served until one does."""


class SigningFailed(NotLogged):
    """The signing key, or the device that holds it, gave no signature."""


class StoreBusy(NotLogged):
    """The database cannot write just now: disk full, read-only, locked, or not reachable."""


class StoreBroken(NotLogged):
    """The database failed in a way that does not pass by itself; the log latches shut."""


class LogEnded(NotLogged):
    """This log was ended; another, whose first entry names this one's last head, continues it."""


class LogClosed(NotLogged):
    """The log was closed, or an earlier fault latched it shut; it must be opened anew."""


class CannotOpen(AuditError):
    """This process must not write to the log; an operator has to look."""


class OtherSchema(CannotOpen):
    """The database was made by another version of this program; migrate it first."""


class StoreDamaged(CannotOpen):
    """The rows in the database do not lead to the head that was signed over them."""


class LogRolledBack(CannotOpen):
    """The database holds fewer entries than were signed: an old backup was restored."""


class LogForked(CannotOpen):
    """The database holds other entries than were signed: there are two histories."""


class GuardUnreadable(CannotOpen):
    """The file of the last signed head cannot be read, or belongs to another log."""


class Unreadable(AuditError):
    """What was sealed cannot be opened."""


class Shredded(Unreadable):
    """The secret of a subject was destroyed; nobody can open this again."""


class WrongVaultKey(Unreadable):
    """The key is not the one it was sealed under, or the sealed bytes were changed."""


class BundleTooLarge(AuditError):
    """The files do not fit one zip archive; write the bundle as a directory."""


class SampleImpossible(AuditError):
    """More is asked for than there is to draw from, or the minimum shares exceed the whole."""


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
