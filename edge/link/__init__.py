"""The node's end of its link with the cloud: commands in, answers out, nothing else.

cloud ──command──► client (one thread, one outgoing WebSocket) ──► desk ──► handler
cloud ◄──answer─── client ◄── what is kept in the store, with the evidence, in one transaction ◄──┘
"""
