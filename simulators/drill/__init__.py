"""`gridwatch drill`: the product under a seeded nemesis, and a checker that shares no code with it.

`truths` and `plan` say what happens and what goes wrong, pure; `parts`, `links` and `nemesis` do it to real
processes; `records` reads what they kept, `check` holds it against the truths, `report` tells.
"""
