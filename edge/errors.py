"""The errors of `edge`.

EdgeError
├── WeightsMissing        the detector's model is not there yet (`edge.see`)
├── StoreError            the node's store did not do as asked (`edge.keep`)
│   ├── StoreBusy         another process works with the same state directory
│   ├── StoreFull         no room left on the disk; nothing of the transaction was kept
│   └── StoreForeign      the directory belongs to another node or a newer gridwatch
└── UplinkError           the cloud cannot be spoken to as configured (`edge.send`)
    └── TokenMissing      there is no usable node token

No message of any of them carries a credential.
"""


class EdgeError(Exception):
    """Root of every error that `edge` raises on purpose."""


class WeightsMissing(EdgeError):
    """The detector's weights are not there; `make setup` fetches them."""


class StoreError(EdgeError):
    """The store could not be read or written; the transaction left no trace. The node reports it."""


class StoreBusy(StoreError):
    """Another process holds the state directory; the operator ends it or names another directory."""


class StoreFull(StoreError):
    """The disk is full; the caller keeps its input unacknowledged and tries again later."""


class StoreForeign(StoreError):
    """The directory was made for another node or by a newer gridwatch; the operator decides."""


class UplinkError(EdgeError):
    """The uplink cannot be used as it is configured; the operator mends the configuration."""


class TokenMissing(UplinkError):
    """No usable node token; the uplink reports it and looks again later."""
