"""Runs in virtual time: what the harness says of services whose times are known, in no time at all."""
