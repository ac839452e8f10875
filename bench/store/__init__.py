"""Results on disk, both ways: `result.json`, `latency.hlog`, and the journal while a run goes on.

    writer = Writer.create(directory, suite, analyse)    # result.json without trials, an empty journal
    writer.append(trials=..., deployments=...)           # one synced line a block
    suite = writer.finish(complete=True, finished=now)   # the journal goes into result.json and latency.hlog

At any moment, SIGKILL and power loss included, `load(directory)` gives all that was saved.
"""

from __future__ import annotations

from bench.store.derived import DERIVED, derived
from bench.store.document import SCHEMA_VERSION
from bench.store.files import replace as replace_file
from bench.store.outline import Outline, outline
from bench.store.reader import JOURNAL, LATENCY_LOG, RESULT, load
from bench.store.rescue import require_plain
from bench.store.writer import Writer, why_taken

__all__ = [
    "DERIVED",
    "JOURNAL",
    "LATENCY_LOG",
    "RESULT",
    "SCHEMA_VERSION",
    "Outline",
    "Writer",
    "derived",
    "load",
    "outline",
    "replace_file",
    "require_plain",
    "why_taken",
]
