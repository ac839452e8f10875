"""The rows of load generators on other hosts."""

from __future__ import annotations

from bench.ask.settings.setting import Setting

GENERATORS = (
    Setting(
        "generators",
        "whole",
        "Load generators on other hosts, which the run waits for",
        "Each is started there by `wsgi-bench worker`: see [several machines](several-machines.md).",
        highest=1_000,
        otherwise="none: this machine makes the load",
    ),
    Setting(
        "bind",
        "text",
        "This host's address where they find it; servers listen there, too",
        form="`host` or `host:port`; the port is 5557 by default",
        metavar="ADDRESS",
    ),
    Setting(
        "redis",
        "text",
        "Redis on another host, for applications of the catalogue that store something",
        "It has to be empty, and is emptied again at the end.",
        form="`host` or `host:port`; the port is 6379 by default",
        metavar="HOST",
        otherwise="one that the run starts",
    ),
    Setting(
        "if_lost",
        "word",
        "whether a run goes on with the others when one is lost, or waits for it",
        "The trial that it was lost in is done again in either case.",
        choices=("go-on", "wait"),
        default="go-on",
    ),
)
