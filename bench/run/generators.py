"""What becomes of the generators on other hosts in a run: said, and saved."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bench.live.progress import Reporter
from bench.model import Generator, Plan
from bench.model.generators import SPOILED
from bench.report.units import count, milliseconds
from bench.store import Writer

_SAY_AGAIN_S = 60.0


class GeneratorsWatch:
    """Hears of them.

    Args:
        known: those that an earlier part of the run had.
    """

    def __init__(self, plan: Plan, writer: Writer, reporter: Reporter, known: Iterable[Generator]) -> None:
        self._plan = plan
        self._writer = writer
        self._reporter = reporter
        self._deployments = {deployment.name for deployment in plan.deployments}
        # How many were there when that was said, and when.
        self._said = -1, 0.0
        self._known = {generator.name: generator for generator in known}

    def hear(self, event: Mapping[str, Any]) -> None:
        """What the driver says of one, as `bench/load/elsewhere/roll.py` has it."""
        match event["state"]:
            case "waiting":
                self._waits(event["present"], event["wanted"])
            case "joined" | "back":
                self._comes(event)
            case "lost" | "late":
                self._goes(event)
            case "refused":
                self._reporter.problem(f"a load generator on {event['name']} is not taken: {event['why']}")
            case "reaches":
                self._reaches(event)

    def _waits(self, present: int, wanted: int) -> None:
        plan = self._plan.generators
        assert plan is not None
        now_s = time.monotonic()
        if present == self._said[0] and now_s - self._said[1] < _SAY_AGAIN_S:
            return
        self._said = present, now_s
        self._reporter.phase(
            f"waiting for {count(wanted - present, 'load generator')} ({present} of {wanted} there): on "
            f"other hosts run `wsgi-bench worker --master {plan.host}:{plan.port}`"
        )

    def _comes(self, event: Mapping[str, Any]) -> None:
        name, apart_s = event["name"], float(event["apart_s"])
        known = self._known.get(name)
        seen = Generator(name, event["host"], event["cpus"], event["python"], apart_s)
        if known is not None:
            seen = replace(seen, network_s=known.network_s, lost=known.lost, spoiled=known.spoiled)
        self._save(seen)
        again = " again" if event["state"] == "back" else ""
        self._reporter.notice(
            f"load generator {name} takes part{again} ({event['present']} of {event['wanted']}): "
            f"{count(seen.cpus, 'CPU')}, {milliseconds(apart_s)} ms away"
        )

    def _goes(self, event: Mapping[str, Any]) -> None:
        name, why, case = event["name"], event["why"], event["case"]
        lost = event["state"] == "lost"
        if (known := self._known.get(name)) is not None:
            self._save(replace(known, lost=known.lost + lost, spoiled=known.spoiled + bool(case)))
        at = datetime.now(UTC).isoformat(timespec="seconds")
        said = f"load generator {name} {'was lost' if lost else 'was late'}: it {why}"
        said += f"; the trial of {case} is done again" if case else ""
        self._writer.append(
            gap={"reason": SPOILED, "generator": name, "case": case, "at": at, "said": f"{at}: {said}."}
        )
        self._reporter.problem(said)

    def _reaches(self, event: Mapping[str, Any]) -> None:
        known = self._known.get(event["name"])
        if known is None or event["target"] not in self._deployments:
            return
        first = event["target"] not in known.network_s
        network_s = {**known.network_s, event["target"]: float(event["network_s"])}
        self._known[known.name] = replace(known, network_s=network_s)
        if first:
            self._save(self._known[known.name])

    def _save(self, generator: Generator) -> None:
        self._known[generator.name] = generator
        self._writer.append(generators=[generator])
