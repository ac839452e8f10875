"""Real locust files against a server that counts: what their users did is what it was asked, one by one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bench.load.client import LoadDriver
from bench.load.locustlook import driver_arguments
from bench.model import Closed, Load, Target, Trial, TrialOrder, UsageSource, Users
from bench.model.errors import DriverError, UsageError
from tests.load.counting import Counting, counting
from tests.load.test_driver import COMMAND, ROOT
from tests.load.trials import decode

FILES = Path(__file__).parent / "locustfiles"


@dataclass(frozen=True)
class Seen:
    """A trial with every row that it left, and what the server saw of it."""

    rows: list[dict[str, Any]]
    counted: Counter[str]
    window: tuple[int, int]
    server: Counter[str]
    said: str

    def ended(self, *kinds: str) -> Counter[str]:
        """Requests by endpoint, of these kinds; of all without any."""
        return Counter(row["endpoint"] for row in self.rows if row["kind"] in kinds or not kinds)


def seen(file: str, users: int, *options: str, length_s: float = 0.8) -> Seen:
    with counting() as server:
        ran = subprocess.run(
            [sys.executable, "-m", "tests.load.locust_rows", str(FILES / file), server.url, str(users),
             str(length_s), *options],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["lost"] == 0
    return Seen(found["rows"], Counter(found["counted"]), tuple(found["window"]), server.asked, ran.stderr)


def test_every_request_of_a_session_is_counted_once_and_judged_as_the_file_judges_it() -> None:
    trial = seen("session.py", 4)

    assert trial.ended() == {
        "POST /login": 4,
        "GET /items": trial.server["GET /items"],
        "GET /cart": trial.server["GET /cart"],
        "GET /gone": trial.server["GET /gone"],
        "GET /": trial.server["GET /"],
    }
    assert trial.server.total() == len(trial.rows)
    # The cart is for those who have logged in, the 404 is right by the file, and `/` never pleases it.
    assert trial.ended("judged") == {"GET /": trial.server["GET /"]}
    assert trial.ended("ok").total() + trial.ended("judged").total() == len(trial.rows)
    opened, closed = trial.window
    assert trial.counted == Counter(row["kind"] for row in trial.rows if opened < row["done"] <= closed)
    # Whoever logs in does so before anything counts.
    assert all(row["done"] <= opened for row in trial.rows if row["endpoint"] == "POST /login")


def test_fast_users_of_two_classes_are_dealt_out_by_weight() -> None:
    trial = seen("weighted.py", 8)

    assert trial.ended("status") == {"GET /broken": trial.server["GET /broken"]}
    assert trial.ended("ok") == {
        "GET /items": trial.server["GET /items"],
        "POST /comment": trial.server["POST /comment"],
    }
    assert trial.server["GET /broken"] > 0
    assert trial.server.total() == len(trial.rows)


def test_only_tasks_with_a_tag_and_users_of_one_class_run() -> None:
    trial = seen("weighted.py", 4, "--user", "Reader", "--tag", "write")

    assert set(trial.server) == {"POST /comment"}
    assert trial.ended("ok") == trial.server == trial.ended()


def test_steps_are_taken_in_their_order_and_the_file_s_own_listeners_are_told() -> None:
    trial = seen("steps.py", 3)

    assert trial.ended("ok") == trial.ended() == trial.server
    assert trial.server["POST /login"] == 3
    a, b, c = (trial.server[f"GET /{path}"] for path in "abc")
    assert a >= b >= c >= a - 3
    assert re.search(r"test_start: http://127\.0\.0\.1:\d+ hello", trial.said)


@contextmanager
def driver_of(file: str, log: Path, user: str = "") -> Iterator[LoadDriver]:
    arguments = driver_arguments(FILES / file, user=user)
    with LoadDriver((*COMMAND, *arguments), os.environ, ROOT, (), log) as running:
        yield running


def order(name: str, load: Load | None = None, *, scenario: str = "locustfile") -> TrialOrder:
    return TrialOrder(
        case=name, target=name, scenario=scenario, load=load or Users(4), length_s=0.6, settle_s=0.05,
        round=1, block=0, order=0, seed="seed", database=None, epoch_ns=time.monotonic_ns(),
    )  # fmt: skip


def trials(file: str, tmp_path: Path, orders: list[TrialOrder], user: str = "") -> list[Trial]:
    """Of two targets, "a" and "b", which are the same."""
    with counting() as server, driver_of(file, tmp_path / "driver.log", user) as driver:
        return measured(driver, server, orders)


def measured(driver: LoadDriver, server: Counting, orders: list[TrialOrder]) -> list[Trial]:
    driver.set_targets([Target(name, server.url, UsageSource("none")) for name in "ab"], store=None)
    assert driver.probe("a", "locustfile", None, 10.0).right
    found = list(driver.block(orders))
    for trial in found:
        assert trial.offered == trial.ok + trial.failed + trial.dropped + trial.unfinished
        assert trial.failed == sum(trial.errors.values())
    return found


def test_each_trial_finds_the_file_as_new_and_what_it_saw_goes_into_histograms(tmp_path: Path) -> None:
    found = trials("session.py", tmp_path, [order("a"), order("b"), order("a")])

    # There are four accounts, and four users in each trial.
    assert all("user" not in trial.errors for trial in found)
    for trial in found:
        assert trial.ok > 0
        assert set(trial.errors) == {"judged"}
        assert trial.wrong == {"not today": trial.failed}
        assert sum(trial.statuses.values()) == trial.offered
        times = {name: decode(text).get_total_count() for name, text in trial.histograms.items()}
        assert {"latency/GET /items", "latency/GET /cart"} <= set(times)
        assert abs(sum(times.values()) - trial.ok) <= 4
        assert trial.generator_cpu > 0


def test_what_the_users_own_code_raises_is_an_error_with_its_name(tmp_path: Path) -> None:
    [trial] = trials("failing.py", tmp_path, [order("a")], user="Forgetful")

    assert set(trial.errors) == {"task"}
    assert trial.wrong == {"KeyError: 'token' in a task (failing.py:19)": trial.failed}
    assert trial.ok == trial.statuses["200"]


def test_users_who_do_not_begin_or_leave_are_missed(tmp_path: Path) -> None:
    [locked] = trials("failing.py", tmp_path, [order("a")], user="Locked")
    [left] = trials("failing.py", tmp_path, [order("a")], user="Leaving")

    assert (locked.ok, locked.errors) == (0, {"user": 4})
    assert locked.wrong == {"PermissionError: no account is left in on_start (failing.py:24)": 4}
    assert left.errors == {"user": 4}
    assert left.wrong == {"a user that ended by itself, or had not begun": 4}


def test_a_file_that_ends_its_process_ends_no_other(tmp_path: Path) -> None:
    with counting() as server, driver_of("failing.py", tmp_path / "driver.log", "Ending") as driver:
        with pytest.raises(UsageError, match=r"failing.py ended its process: sys.exit\(3\)"):
            measured(driver, server, [order("a")])
        assert driver.probe("a", "locustfile", None, 10.0).right


def test_a_process_that_is_killed_is_named(tmp_path: Path) -> None:
    (tmp_path / "killed.py").write_text(
        "import os\nfrom locust import HttpUser, task\n"
        "class Killed(HttpUser):\n    @task\n    def page(self): os.kill(os.getpid(), 9)\n"
    )
    with (
        counting() as server,
        driver_of(str(tmp_path / "killed.py"), tmp_path / "driver.log") as driver,
        pytest.raises(DriverError, match="in which the locust file ran, was killed by SIGKILL"),
    ):
        measured(driver, server, [order("a")])


def test_a_server_that_has_gone_is_no_connection(tmp_path: Path) -> None:
    for file, user in (("failing.py", "Forgetful"), ("weighted.py", "Reader")):
        with driver_of(file, tmp_path / "driver.log", user) as driver:
            with counting() as server:
                driver.set_targets([Target("a", server.url, UsageSource("none"))], store=None)
            [trial] = driver.block([order("a")])
        assert trial.ok == 0
        assert trial.errors["connect"] == trial.failed - trial.errors.get("task", 0) > 0


@pytest.mark.parametrize(("file", "user"), [("session.py", ""), ("weighted.py", "Reader")])
def test_the_ceiling_is_that_of_the_file_s_own_client_without_thinking(
    tmp_path: Path, file: str, user: str
) -> None:
    with counting() as server, driver_of(file, tmp_path / "driver.log", user) as driver:
        kept, closed = measured(
            driver,
            server,
            [
                replace(order("a", Closed(4), scenario="hello"), settle_s=0.0),
                replace(order("a", Closed(4, connection="close"), scenario="hello"), settle_s=0.0),
            ],
        )
    assert set(server.asked) == {"GET /"}
    assert kept.ok > 0
    assert set(kept.histograms) == {"latency/GET /"}
    assert kept.connections <= 4
    assert closed.connections >= closed.ok - 4


def test_names_beyond_the_limit_are_one_endpoint(tmp_path: Path) -> None:
    (tmp_path / "many.py").write_text(
        "import itertools\nfrom locust import FastHttpUser, task\nnumbers = itertools.count()\n"
        "class Many(FastHttpUser):\n    @task\n    def page(self): self.client.get(f'/?{next(numbers)}')\n"
    )
    first, second = trials(str(tmp_path / "many.py"), tmp_path, [order("a"), order("b")])

    names = {name for trial in (first, second) for name in trial.histograms}
    assert "latency/others" in names
    assert len(names) <= 31
