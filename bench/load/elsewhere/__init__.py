"""Load generators on other hosts: locust's master and workers, with a channel of their own."""
