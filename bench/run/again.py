"""Which blocks are measured again, and who else used the machine meanwhile: decided, said and saved."""

from __future__ import annotations

import os
from collections.abc import Sequence

from bench.analysis.disturbed import LATE, STILL, Repeats, Usual, Why, said_of
from bench.analysis.lateness import was_late
from bench.analysis.measured import DISTURBED
from bench.deploy import Runtime
from bench.doctor.others import Others
from bench.live.progress import Reporter
from bench.model import LoadModel, OtherProgram, Plan, Trial
from bench.plan.duration import EachS
from bench.plan.lengths import block_s
from bench.run.fleet import Fleet
from bench.store import Writer


class Again:
    """Looks at each block once it is measured, and at the machine once a round.

    Attributes:
        usual: what the cases have done so far.
    """

    def __init__(self, runtime: Runtime, writer: Writer, reporter: Reporter) -> None:
        self.usual = Usual()
        self._runtime = runtime
        self._writer = writer
        self._reporter = reporter
        self._repeats = Repeats()

    def spoiled(self, block: int, model: LoadModel, trials: Sequence[Trial]) -> dict[int, Why]:
        """The blocks that say more of the machine than of the servers, of this one and the one before."""
        found = dict.fromkeys(self.usual.disturbed(block, model, trials), STILL)
        if any(was_late(trial) for trial in trials):
            found.setdefault(block, LATE)
        return found

    def allow(self, plan: Plan, each_s: EachS, models: Sequence[LoadModel], model: LoadModel) -> bool:
        """Whether one more block of a load model may be measured again, which is counted then.

        Args:
            each_s: seconds for one of each part.
            models: of each block of a round.
        """
        whole_s = plan.rounds * sum(block_s(plan, each_s, each) for each in models)
        return self._repeats.allow(block_s(plan, each_s, model), whole_s)

    def leave_out(self, number: int, block: int, why: Why, fleet: Fleet, others: Others) -> None:
        """Don't count a block, and say so."""
        said = said_of(why, number, others.since(self._own(fleet)))
        gap = {"reason": DISTURBED, "why": why, "round": number, "block": block, "said": said}
        self._writer.append(gap=gap)
        self._reporter.notice(said)

    def name_others(self, number: int, fleet: Fleet, others: Others) -> None:
        """Save who else has used this machine in a round."""
        busy = others.busy(self._own(fleet))
        self._writer.append(others=[OtherProgram(number, program.name, program.cpus) for program in busy])

    def _own(self, fleet: Fleet) -> list[int]:
        """The first processes of the run's own trees."""
        servers = (member.target.usage.pid for member in fleet.members.values())
        own = () if self._runtime.place.elsewhere else (os.getpid(),)
        return [*own, *servers, *self._runtime.processes()]
