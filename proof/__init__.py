"""The proof: every claim of the measurement, tried on this machine. `python -m proof`.

A module a claim, or a few that share a run. Each has a function that takes the archive for its files and how
much to measure, and returns `Evidence`; `claims.py` lists them. `planted/` has the servers whose behaviour is
planted, `virtual/` the runs in virtual time; the tests use both, too.
"""
