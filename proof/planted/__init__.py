"""Servers whose behaviour is planted, so that what the harness says of them can be checked."""
