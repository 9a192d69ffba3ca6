"""Does yesterday's answer still hold?  A small set of runs is compared with references, number by number.

`tolerances` reads what is compared and how far it may move; `compare` finds what moved; `run` does it all.
"""
