"""Every claim, in the table's order, in its full and its quick form."""

from __future__ import annotations

from functools import partial

from bench.plan.layout import PROFILES
from proof import (
    against_wrk,
    busy,
    ceiling,
    constant,
    coverage,
    delays,
    differing,
    faults,
    freezes,
    hostile,
    large,
    late_warm_up,
    lookalikes,
    own_share,
    punctuality,
    short_lived,
    short_trials,
    slow_answers,
    slow_coverage,
    slower,
    standard,
    tails,
    twins,
    until,
)
from proof.claim import Claim
from proof.variants import Size

_QUICK_RUN = ("--rounds", "3", "--blocks", "10")
_QUICK = Size(rounds=3, blocks=10)
_STANDARD = Size(PROFILES["standard"].rounds, PROFILES["standard"].blocks)
_SLOWER = partial(slower.make_runs, runs=10, size=_STANDARD, calibration=_STANDARD)
_QUICK_SLOWER = partial(slower.make_runs, runs=2, size=_QUICK, calibration=_QUICK)

CLAIMS = (
    Claim(
        "ceiling",
        "generator ceiling, keep-alive, one CPU, against the null server",
        "at least 7 x FastHttpUser and 0.7 x wrk",
        ("ceiling",),
        partial(ceiling.prove, turns=12, locust_s=3.0),
        partial(ceiling.prove, turns=3, locust_s=2.0),
    ),
    Claim(
        "against-wrk",
        "throughput of each of the five servers with Flask's hello as a ratio to wrk's, alternating second "
        "by second",
        "1 within 3 % + half the interval of the ratio, which is at most 3 % itself",
        ("against-wrk",),
        partial(against_wrk.prove, pairs=20),
        partial(against_wrk.prove, pairs=6),
    ),
    Claim(
        "delays",
        "p50 and p99 of a server with a planted delay distribution",
        "within 3 % + 0.2 ms",
        ("delays",),
        partial(delays.prove, trials=10, length_s=2.0),
        partial(delays.prove, trials=3, length_s=1.0),
    ),
    Claim(
        "freezes",
        "a server that freezes half a second in every five: open-load p99",
        "within 15 % of the computed truth",
        ("freezes",),
        partial(freezes.prove, trials=2, periods=6),
        partial(freezes.prove, trials=1, periods=2),
    ),
    Claim(
        "punctuality",
        "open load at 1,000, 5,000 and 20,000 a second against the null server: lateness p99, requests sent "
        "against rate x time",
        "under 0.3, 0.3 and 1 ms; within 0.5 % + 3 standard deviations of a Poisson count",
        ("punctuality",),
        partial(punctuality.prove, trials=20, length_s=1.0),
        partial(punctuality.prove, trials=4, length_s=1.0),
    ),
    Claim(
        "faults",
        "5 % wrong answers planted: status, body, truncated, reset",
        "counted by kind within one percentage point; every case invalid",
        ("faults",),
        partial(faults.prove, rounds=2, blocks=20),
        partial(faults.prove, rounds=2, blocks=5),
    ),
    Claim(
        "twins",
        "twin comparisons that claim a difference, in standard runs of one server",
        "at most 1 in 20 of each figure",
        ("twins",),
        partial(twins.prove, runs=40),
        partial(twins.prove, runs=3, options=_QUICK_RUN),
    ),
    Claim(
        "width",
        "half of the 95 % interval of a throughput ratio, standard profile, median over pairs",
        "at most 1.5 %",
        ("standard",),
        standard.width,
        partial(standard.width, options=_QUICK_RUN),
    ),
    Claim(
        "slower",
        "a server planted slower, standard runs",
        "3 % found in at least 9 of 10; 5 % in all; over all runs as much slower within one percentage point",
        ("slower",),
        partial(slower.prove, made=_SLOWER),
        partial(slower.prove, made=_QUICK_SLOWER),
    ),
    Claim(
        "short-trials",
        f"ratios of the five servers from trials of {PROFILES['standard'].trial_s.closed:g} s, against those "
        f"from long ones (3 s; quick: 1 s)",
        "within 2 % + half the interval of the difference, which is at most 2 % itself",
        ("short-trials",),
        partial(short_trials.prove, cycles=40, short_blocks=10, long_s=3.0),
        partial(short_trials.prove, cycles=6, short_blocks=5, long_s=1.0),
    ),
    Claim(
        "late-warm-up",
        "throughput of a server that stands still before its 900th request after each start, while Python "
        "collects the garbage of a large heap, as a ratio to one that doesn't; over standard runs",
        "1 within 1 % + half the interval, which is at most 2 % itself; the pause is left out in each run",
        ("late-warm-up",),
        partial(late_warm_up.prove, runs=3, size=_STANDARD),
        partial(late_warm_up.prove, runs=1, size=Size(rounds=8, blocks=_STANDARD.blocks)),
    ),
    Claim(
        "slow-answers",
        "throughput of servers with slow answers as a ratio to one without, closed load: a second in 0.5 % "
        "(keep-alive, close, two processes), half a second in 0.2 % of fast ones, 0.3 s in 1 % on four "
        "threads, 5 s in 0.1 %, log-normal, a pause of 30 ms in each 492 requests; against wrk in the long "
        "run",
        "within 5 % + half the interval of the ratio; or the run says why it can't",
        ("slow-answers",),
        partial(slow_answers.prove, minutes=5, wrk_s=60),
        partial(slow_answers.prove, minutes=1.5, wrk_s=20, scenes=slow_answers.SCENES[:2]),
    ),
    Claim(
        "slow-coverage",
        "coverage of the 95 % intervals of such ratios: simulated standard runs of the same servers, and of "
        "some with three quarters to nineteen twentieths of the users' time in slow answers",
        "93 to 97 % of all, at least 91 % of each",
        (),
        partial(slow_coverage.prove, runs=1000),
        partial(slow_coverage.prove, runs=100),
    ),
    Claim(
        "constant",
        "closed load of 16 users of servers that wait for 0.13, 0.7 and 2 s, in trials of 0.1 s and of three "
        "times the delay",
        "16 / delay within 2 %",
        ("constant",),
        partial(constant.prove, turns=6),
        partial(constant.prove, turns=1),
    ),
    Claim(
        "large-answers",
        "answers of 1, 3 and 20 MB with a header that differs each time, closed load of 16 users, as a ratio "
        "to wrk's",
        "at least 0.5",
        ("large-answers",),
        partial(large.prove, pairs=12, turns_s={1 * large.MB: 2, 3 * large.MB: 2, 20 * large.MB: 4}),
        partial(large.prove, pairs=3, turns_s={1 * large.MB: 1, 3 * large.MB: 1, 20 * large.MB: 2}),
    ),
    Claim(
        "differing",
        "answers whose cookie, ETag and body differ each time, closed load of 16 users, as a ratio to equal "
        "ones: by answers a second and by answers a CPU second of the generator",
        "at least 0.7",
        ("differing",),
        partial(differing.prove, turns=12),
        partial(differing.prove, turns=3),
    ),
    Claim(
        "own-share",
        "planted CPU time of an application, 2 and 0.05 ms, from its share behind gunicorn and waitress",
        "within 3 % + 0.003 ms + half the interval; a page that waits for 20 ms is said to",
        ("own-share",),
        own_share.prove,
        partial(own_share.prove, minutes=2),
    ),
    Claim(
        "short-lived",
        "CPU a request of a server that forks for each connection, and of gunicorn with --max-requests 200, "
        "in a cgroup and without one",
        "within 15 % of what the server counts; not below gunicorn without that option; absent is allowed",
        ("short-lived",),
        partial(short_lived.prove, trials=10, length_s=4.0),
        partial(short_lived.prove, trials=2, length_s=2.0),
    ),
    Claim(
        "lookalikes",
        "wrong answers of pages that no scenario knows: each 20th a 500; 302 above 200 a second; empty after "
        "2,000 (keep-alive, close, two processes, locust's client)",
        "counted within one percentage point; every case invalid",
        ("lookalikes",),
        partial(lookalikes.prove, rounds=2, blocks=20),
        partial(lookalikes.prove, rounds=2, blocks=5, scenes=["keep-alive"]),
    ),
    Claim(
        "backlogs",
        "a server with a backlog of 1 beside a good one, while another program's listen queue overflows",
        "backlog-overflow is said of the first and not of the good one",
        ("backlogs",),
        partial(hostile.backlogs, options=("--minutes", "2")),
        partial(hostile.backlogs, options=("--minutes", "0.5")),
    ),
    Claim(
        "endless",
        "two servers whose answers never end, one from the start and one from the 1,001st on, beside a good "
        "one",
        "the run ends within 10 minutes (quick: one); the good one is valid, the others aren't",
        ("endless",),
        partial(hostile.endless, options=("--rounds", "3", "--blocks", "10"), most_s=600),
        partial(hostile.endless, options=("--rounds", "2", "--blocks", "2"), most_s=60),
    ),
    Claim(
        "coverage",
        "coverage of the 95 % intervals, simulated with pieces of measured rounds",
        "93 to 97 %",
        ("standard",),
        partial(coverage.prove, runs=1000),
        partial(coverage.prove, runs=1000, options=_QUICK_RUN),
    ),
    Claim(
        "tails",
        "tails of two servers compared block by block, simulated with blocks of the reference runs, names "
        "swapped: twins told apart at 5 %, also while restarts move one's times by 7 %; found of p99 and p95 "
        "that take 1.3 times as long, of a p99 of 2.1 times while the machine stands still for 50 ms in a "
        "tenth of all trials, and of a server that does so by itself in each",
        "twins: at most 5 % + 1.5 % by chance, with restarts at most 8 %; 1.3 times: p99 45 %, p95 70 %; 2.1 "
        "times: 60 %; own: all",
        (),
        partial(tails.prove, runs=1000),
        partial(tails.prove, runs=200),
    ),
    Claim(
        "stalls",
        "said to stand still more often than the others, simulated likewise, while the machine stands still "
        "for 50 ms in 4 % of all trials: of a server that does so by itself in a third of its own, and "
        "of one that doesn't",
        "at least 60 %; at most 1 % + 1 % by chance",
        (),
        partial(tails.prove_stalls, runs=1000),
        partial(tails.prove_stalls, runs=200),
    ),
    Claim(
        "until",
        "coverage of the 95 % interval of a ratio that a run with --until ends by, simulated with pieces of "
        "the reference results' rounds, and with restarts of 0, 2 and 6 %",
        "at least 95 % of all, 93 % of each",
        (),
        partial(until.prove, runs=1000),
        partial(until.prove, runs=50),
    ),
    Claim(
        "duration",
        "standard profile, five servers and twin",
        "at most 5 minutes",
        ("standard",),
        standard.duration,
        partial(standard.duration, options=_QUICK_RUN),
    ),
    Claim(
        "memory",
        "memory of harness and driver over a standard run",
        "under 300 MB, growing by at most 10 %",
        ("standard",),
        standard.memory,
        partial(standard.memory, options=_QUICK_RUN),
    ),
    Claim(
        "busy",
        "ratios of five servers beside a CPU burner and a compiler, against the quiet run's; standard "
        "profile",
        "within 3 % + half the interval of the difference; no case generator-bound or backlog-overflow; the "
        "report says who disturbed",
        ("standard", "busy"),
        busy.prove,
        partial(busy.prove, options=_QUICK_RUN),
    ),
)
