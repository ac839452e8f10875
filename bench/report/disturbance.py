"""What is said of other programs that used the machine meanwhile, and of what was measured again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bench.analysis import other_programs
from bench.analysis.disturbed import LATE
from bench.analysis.measured import DISTURBED
from bench.model import Suite
from bench.model.generators import SPOILED
from bench.report.units import count, listed, number, whole

_WORTH_SAYING = 0.01
_NAMED = 3


def lines(suite: Suite) -> Iterator[str]:
    """A sentence on what others used of the server's CPU, and who they were; nothing where it was little."""
    shares = other_programs.used(suite)
    programs = [f"{name} ({number(cpus)} CPUs)" for name, cpus in other_programs.who(suite).items()][:_NAMED]
    named = f" Busiest on the machine were {listed(programs)}." if programs else ""
    if shares and max(shares.values()) >= _WORTH_SAYING:
        least, most = (choose(shares, key=lambda server: shares[server]) for choose in (min, max))
        mean = sum(shares.values()) / len(shares)
        unlike = bound = ""
        off = other_programs.off_by(shares[least], shares[most])
        if off > 0:
            unlike = f", from {whole(shares[least])} beside {least} to {whole(shares[most])} beside {most}"
            bound = (
                f" Where they used more beside one server than beside another, it may look slower than it "
                f"is, here by up to {whole(off)}: a difference that this may explain counts as a tie."
            )
        cpus = "CPUs" if len(suite.environment.cpu_split.server) > 1 else "CPU"
        yield (
            f"Other programs used {whole(mean)} of the server's {cpus} while it was measured{unlike}; no "
            f"figure is corrected by that.{bound}{named}"
        )
    elif named:
        yield f"Other programs used this machine meanwhile.{named}"


def gaps(suite: Suite) -> Iterator[str]:
    """What isn't counted or not there, and how many blocks were measured again."""
    again = [gap for gap in suite.gaps if gap.get("reason") == DISTURBED]
    if again:
        late = sum(gap.get("why") == LATE for gap in again)
        still = len(again) - late
        whys = [
            *([f"{still} since the servers stood still"] if still else []),
            *([f"{late} since the load generator was late"] if late else []),
        ]
        yield f"{count(len(again), 'block')} {'was' if len(again) == 1 else 'were'} measured again: " + (
            f"{listed(whys)}."
        )
    shown = again[:_NAMED]
    spoiled = [gap for gap in suite.gaps if gap.get("reason") == SPOILED][:_NAMED]
    many = (DISTURBED, SPOILED)
    few = (*shown, *spoiled)
    yield from (_gap(gap) for gap in suite.gaps if gap.get("reason") not in many or gap in few)


def _gap(gap: Mapping[str, Any]) -> str:
    if "said" in gap:
        return str(gap["said"])
    return f"Gap: {', '.join(f'{key} {value}' for key, value in gap.items())}."
