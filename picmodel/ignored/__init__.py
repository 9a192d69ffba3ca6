"""Inputs that would be ignored in silence: settings and overrides that change nothing are found and refused.

`probe` says what a scenario comes to, as digests: its small LP, and all that settlement and reports make of
one solution of it.  `check` leaves out one setting after another and compares.
"""
