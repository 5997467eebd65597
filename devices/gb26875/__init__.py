"""GB/T 26875.3-2011: what the transmission device of a building's fire alarm system says over TCP.

All of it is pure: `frame` finds packets in bytes and writes them, `tables` is data, `unit` reads what a
packet carries, `samples` turns that into values, `answers` says what the centre answers, `talk` is one line.
"""
