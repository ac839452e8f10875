"""Run one trial of a locust file in this process, and print every row that it left, counted or not.

`python -m tests.load.locust_rows FILE URL USERS LENGTH_S [--user NAME] [--tag TAG ...]`
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import Counter
from pathlib import Path

from bench.load.generator import LoadGenerator  # noqa: F401 (first, as in the driver)
from bench.load.outcomes import KINDS
from bench.load.records import KIND_MASK, Records
from bench.load.targetstate import TargetState
from bench.machine.place import HERE
from bench.model import Target, TrialOrder, UsageSource, Users

from bench.load import fileusers, userfile  # isort: skip

fileusers._STOP_S = 60.0  # whatever is under way at the end is let end, on a busy machine, too


def main() -> None:
    """Print the rows, and what was counted of them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("url")
    parser.add_argument("users", type=int)
    parser.add_argument("length_s", type=float)
    parser.add_argument("--user", default="")
    parser.add_argument("--tag", action="append", default=[])
    asked = parser.parse_args()
    users = fileusers.FileUsers(userfile.Named(asked.file, asked.user, tuple(asked.tag)))
    order = TrialOrder(
        case="a", target="a", scenario="locustfile", load=Users(asked.users), length_s=asked.length_s,
        settle_s=0.1, round=1, block=0, order=0, seed="1", database=None, epoch_ns=time.monotonic_ns(),
    )  # fmt: skip
    state = TargetState(Target("a", asked.url, UsageSource("none")), HERE)
    records, kept = Records(), []
    add = records.add
    records.add = lambda row: (kept.append(row), add(row))[1]  # type: ignore[func-returns-value]
    window = users.conduct(order, state, iter(()), records, lambda: None, lambda: None)
    counted = records.counted("done", window)
    rows = [
        {
            "endpoint": users.names[code >> 6] if users.names else "",
            "kind": KINDS[code & KIND_MASK],
            "sent": sent,
            "done": done,
        }
        for _, sent, done, code in kept
    ]
    outcomes = Counter(KINDS[code] for code in counted.outcome.tolist())
    print(json.dumps({
        "rows": rows, "window": [window.opened, window.closed], "counted": outcomes, "lost": counted.lost,
    }), flush=True)  # fmt: skip
    os._exit(0)


if __name__ == "__main__":
    main()
