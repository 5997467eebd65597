"""The errors of `edge`.

EdgeError
├── ModelUnusable         a detector's model cannot be used as described (`edge.see`, `edge.models`)
│   └── WeightsMissing    its file is not there yet, or is damaged
├── CredentialTrouble     the node's own credential cannot be read, written or exchanged (`edge.send`)
│   └── CredentialBusy    another process, or thread, exchanges it just now
├── MemoryUnreadable      what an eye kept over a restart cannot be read (`edge.see`)
├── StoreError            the node's store did not do as asked (`edge.keep`)
│   ├── StoreBusy         another process works with the same state directory
│   ├── StoreFull         no room left on the disk; nothing of the transaction was kept
│   ├── StoreDamaged      the database itself is broken; a restart sets it aside and begins a new one
│   └── StoreForeign      the directory belongs to another node or a newer gridwatch
└── UplinkError           nothing could be delivered just now; it stays queued (`edge.send`)
    ├── TokenMissing      there is no usable node token
    ├── CloudUnreachable  nobody answers at the cloud's address
    ├── CloudRefused      the cloud does not take this node's token
    └── CloudStalled      the cloud answers, but does not take what is sent

No message of any of them carries a credential.
"""


class EdgeError(Exception):
    """Root of every error that `edge` raises on purpose."""


class ModelUnusable(EdgeError):
    """A detector's model cannot be used as described; the text names what to change."""


class WeightsMissing(ModelUnusable):
    """The detector's weights are not there or damaged; the text names what fetches them."""


class MemoryUnreadable(EdgeError):
    """An eye's memory is damaged or of another version; the eye begins anew and the node says so."""


class CredentialTrouble(EdgeError):
    """The node's credential cannot be read, written or exchanged; the text names the fix, never a token."""


class CredentialBusy(CredentialTrouble):
    """Somebody else exchanges the node's credential just now; the caller tries again later."""


class StoreError(EdgeError):
    """The store could not be read or written; the transaction left no trace. The node reports it."""


class StoreBusy(StoreError):
    """Another process holds the state directory; the operator ends it or names another directory."""


class StoreFull(StoreError):
    """The disk is full; the caller keeps its input unacknowledged and tries again later."""


class StoreDamaged(StoreError):
    """The database file is no sound one; the node ends, and its next start sets the file aside."""


class StoreForeign(StoreError):
    """The directory was made for another node or by a newer gridwatch; the operator decides."""


class UplinkError(EdgeError):
    """Nothing could be delivered; all of it stays queued and the uplink tries again later."""


class TokenMissing(UplinkError):
    """No usable node token; the uplink reports it and looks again later."""


class CloudUnreachable(UplinkError):
    """Nobody answers at the cloud's address, or not with a certificate that is trusted here."""


class CloudRefused(UplinkError):
    """The cloud does not take this node's token; asking often would not help."""


class CloudStalled(UplinkError):
    """The cloud answers, but not with what was hoped for; `retry_after_s` is its wish for a pause."""

    def __init__(self, text: str, retry_after_s: float = 0.0) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s
