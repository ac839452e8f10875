"""The proof: every claim of the measurement, tried on this machine. `python -m tests.truth.prove`.

A module a claim, or a few that share a run. Each has a function that takes the place for its files and how
much to measure, and returns a `Finding`; `claims.py` lists them.
"""
