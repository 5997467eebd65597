"""Simulated MQTT sensors: plausible series, scripted events and faults, over real connections.

`series`, `scenario` and `device` are pure and run in any time; `fleet` publishes.
"""
