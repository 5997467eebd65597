"""HJ 212-2017 (and HJ/T 212-2005 where it differs): what dust, noise and air stations say over TCP.

All of it is pure: `frame` finds packets in bytes, `packet` reads and writes them, `factors` is data,
`samples` turns a packet into values, `answers` says what the platform answers and asks, `talk` is one line.
"""
