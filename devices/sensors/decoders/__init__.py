"""Decoders: what real devices and network servers publish, as reports of their values.

`registry` names them, `base` says what one is, every other file is one of them.
"""
