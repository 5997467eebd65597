"""One node as a running process: threads that fetch, two that decide, two that send.

cameras ──frames──► sight ──┐
├──► store (conditions, evidence, outbox) ──► uplink
broker ──deliveries► sense ─┘
"""
