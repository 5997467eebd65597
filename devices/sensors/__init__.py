"""Sensors over MQTT: the topic tree, the payload schema, and a client that acknowledges after the commit.

`client` and `connection` speak MQTT; everything else here is pure.
"""
