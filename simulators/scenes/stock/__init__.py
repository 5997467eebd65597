"""The raw material of the labelled set: real grounds and cut-out things, fetched at set-up, never committed.

`manifest.yaml` names each asset's package, file, licence, author and split; `load_stock` derives the pictures
once and keeps them in the cache; `docs/design/stock.md` tells where all comes from.
"""
