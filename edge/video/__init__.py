"""Live pictures and stills, while somebody in the patrol room looks; nothing of it before or after.

link ──wish──► desk ──► live (a thread and a WebSocket a watched camera) ◄── ring: the packets as they came
                   └──► stills (one thread, one WebSocket)               ◄── frames that are decoded anyway
"""
