"""What a run will do: cases, deployments, order, seeds, rates and the time it takes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import groupby

import pytest

from bench.catalogue.scenarios import SCENARIOS
from bench.model import App, Plan, Server
from bench.model.loads import open as open_load
from bench.model.loads.open import IN_FLIGHT_CAP
from bench.model.variant import OLD, TWIN, Source, Variant
from bench.plan.blocks import block_models, block_orders, starting_order
from bench.plan.layout import PROFILES, Profile, make_plan
from bench.plan.rates import with_open_rates

HELLO = App("hello", "apps.hello.wsgi:application", ("hello",), redis=False, seed=())
SHORTLY = App("shortly", "apps.shortly.wsgi:application", ("mixed", "follow"), redis=True, seed=("seed",))


def server(name: str) -> Server:
    return Server(
        name=name,
        title=name,
        command=("serve",),
        environment={},
        workers=1,
        threads=4,
        keep_alive=True,
        concurrency="1 process, 4 threads",
        default=True,
        docs="",
        package=name,
        stop_signal="SIGTERM",
        stop_grace_s=10.0,
    )


SERVERS = [server(name) for name in ("wsgiref", "gunicorn", "uwsgi")]
COMBINATIONS = [
    (HELLO, SCENARIOS["hello"]),
    (SHORTLY, SCENARIOS["mixed"]),
    (SHORTLY, SCENARIOS["follow"]),
]


def plan_of(profile: Profile | str = "standard", *, seed: int = 1, rate: float | None = None) -> Plan:
    if isinstance(profile, str):
        profile = PROFILES[profile]
    return make_plan(profile, "local", SERVERS, COMBINATIONS, seed=seed, rate=rate)


@pytest.mark.parametrize("profile", PROFILES)
def test_names_are_unique(profile: str) -> None:
    plan = plan_of(profile)
    for names in (
        [case.id for case in plan.cases],
        [deployment.name for deployment in plan.deployments],
        [deployment.database for deployment in plan.deployments],
    ):
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_case_has_its_deployment_and_every_load(profile: str) -> None:
    plan = plan_of(profile)
    shape = PROFILES[profile]
    deployments = {deployment.name: deployment for deployment in plan.deployments}
    for case in plan.cases:
        deployment = deployments[case.deployment]
        assert deployment.app.name == case.app
        assert case.server.removesuffix("-twin") == deployment.server.name
        assert case.server.endswith("-twin") is (deployment.variant.kind == TWIN)
        assert case.scenario in deployment.app.scenarios
    copies = len(SERVERS) + shape.twin
    first = len(shape.users) + 2 * len(shape.connections) - 1 + len(shape.shares)
    assert len(plan.deployments) == copies * 2
    assert len(plan.cases) == copies * (first + 2 * (len(COMBINATIONS) - 1))


def test_the_id_says_what_the_case_is() -> None:
    ids = {case.id for case in plan_of("full").cases}
    assert {
        "uwsgi/hello/hello/closed-16",
        "uwsgi/hello/hello/closed-16/close",
        "gunicorn-twin/shortly/mixed/open",
        "gunicorn-twin/shortly/follow/open",
    } <= ids


def test_gunicorn_is_the_twin_where_it_is_measured_else_the_first() -> None:
    for servers, twin in ((SERVERS, "gunicorn"), (SERVERS[2:], "uwsgi")):
        plan = make_plan(PROFILES["standard"], "local", servers, COMBINATIONS[:1], seed=1, rate=None)
        (found,) = (deployment for deployment in plan.deployments if deployment.variant.kind == TWIN)
        assert found.server.name == twin
        assert found.name == f"{twin}-twin.hello"
    assert not any(deployment.variant.kind == TWIN for deployment in plan_of("smoke").deployments)


def test_database_0_is_the_template_and_apps_without_redis_have_none() -> None:
    databases = {deployment.name: deployment.redis_database for deployment in plan_of().deployments}
    assert {databases[name] for name in databases if name.endswith(".hello")} == {None}
    shortly = [databases[name] for name in databases if name.endswith(".shortly")]
    assert len(set(shortly)) == len(shortly) == 4
    assert not {None, 0} & set(shortly)


def test_a_block_measures_each_case_once_in_a_new_order() -> None:
    plan = plan_of()
    blocks = [block_orders(plan, plan.cases, 1, block, epoch_ns=5) for block in range(10)]
    for number, orders in enumerate(blocks):
        assert sorted(order.case for order in orders) == sorted(case.id for case in plan.cases)
        assert [order.order for order in orders] == list(range(len(orders)))
        assert {(order.round, order.block, order.epoch_ns) for order in orders} == {(1, number, 5)}
    assert len({tuple(order.case for order in orders) for orders in blocks}) == len(blocks)


def test_every_case_comes_everywhere_in_the_order() -> None:
    plan = plan_of()
    firsts = Counter(
        block_orders(plan, plan.cases, round_number, block, 0)[0].case
        for round_number in range(10)
        for block in range(120)
    )
    expected = 1200 / len(plan.cases)
    assert firsts.keys() == {case.id for case in plan.cases}
    # Five standard deviations of a Poisson count.
    assert all(abs(count - expected) < 5 * expected**0.5 for count in firsts.values())


def test_the_seed_decides_the_order_and_the_requests() -> None:
    one, same, other = (plan_of(seed=seed) for seed in (1, 1, 2))
    assert block_orders(one, one.cases, 2, 3, 0) == block_orders(same, same.cases, 2, 3, 0)
    first, second = (block_orders(plan, plan.cases, 2, 3, 0) for plan in (one, other))
    assert [order.case for order in first] != [order.case for order in second]
    assert not {order.seed for order in first} & {order.seed for order in second}


def test_all_servers_get_the_same_requests_in_a_block_and_others_in_the_next() -> None:
    plan = plan_of("full")
    seeds: set[str] = set()
    for round_number, block in ((1, 1), (1, 2), (2, 1)):
        orders = block_orders(plan, plan.cases, round_number, block, 0)
        kinds = {(order.scenario, order.load.model): order.seed for order in orders}
        assert all(order.seed == kinds[order.scenario, order.load.model] for order in orders)
        assert len(set(kinds.values())) == len(kinds) == 6
        assert not seeds & set(kinds.values())
        seeds |= set(kinds.values())


@pytest.mark.parametrize("block", [-1, 1])
def test_an_order_is_as_long_as_its_load_says(block: int) -> None:
    """Of closed load that counts, about so long."""
    plan = plan_of()
    for order in block_orders(plan, plan.cases, 1, block, 0):
        closed = order.load.model == "closed"
        if closed and block > 0:
            assert 0.5 <= order.length_s / plan.trial_s.closed <= 1.5
        else:
            assert order.length_s == (plan.trial_s.closed if closed else plan.trial_s.open)
        assert order.settle_s == (0.0 if closed else open_load.settle_s(order.load.rate))
        assert order.load.at_once == (16 if closed else IN_FLIGHT_CAP)


@pytest.mark.parametrize(
    ("blocks", "opened"),
    [(1, 1), (3, 1), (9, 1), (14, 1), (19, 1), (20, 2), (26, 2), (35, 3), (72, 6), (100, 8)],
)
def test_open_blocks_are_spread_among_the_closed(blocks: int, opened: int) -> None:
    plan = plan_of(replace(PROFILES["standard"], blocks=blocks))
    models = block_models(plan)
    assert plan.open_blocks == opened
    assert Counter(models) == {"closed": blocks, "open": opened}
    stretches = [len(list(stretch)) for model, stretch in groupby(models) if model == "closed"]
    assert len(stretches) == opened
    assert max(stretches) - min(stretches) <= 1


def test_the_slowest_server_decides_the_open_rate_of_all() -> None:
    plan = plan_of()
    capacity = {
        "wsgiref/hello/hello/closed-16": 1000.0,
        "gunicorn/hello/hello/closed-16": 4000.0,
        "gunicorn-twin/hello/hello/closed-16": 900.4,
        "uwsgi/shortly/mixed/closed-16": 333.0,
    }
    rates = {case.id: case.load.rate for case in with_open_rates(plan, capacity).cases}
    opened = [case for case in plan.cases if case.load.model == "open"]
    for case in opened:
        expected = {"hello": 540.0, "mixed": 200.0, "follow": None}[case.scenario]
        assert rates[case.id] == expected
    assert {rates[case.id] for case in plan.cases if case not in opened} == {None}


def test_each_kind_of_connection_has_its_own_rate() -> None:
    plan = plan_of("full")
    capacity = {"uwsgi/hello/hello/closed-1": 1000.0, "uwsgi/hello/hello/closed-16/close": 500.0}
    rates = {case.id: case.load.rate for case in with_open_rates(plan, capacity).cases}
    assert rates["gunicorn/hello/hello/open"] == 600.0
    assert rates["gunicorn/hello/hello/open/close"] == 300.0


def test_a_servers_capacity_is_what_suits_it_best() -> None:
    plan = plan_of("full")
    capacity = {
        "uwsgi/hello/hello/closed-1": 300.0,
        "uwsgi/hello/hello/closed-16": 1000.0,
        "gunicorn/hello/hello/closed-1": 400.0,
        "gunicorn/hello/hello/closed-64": 2000.0,
    }
    rates = {case.id: case.load.rate for case in with_open_rates(plan, capacity).cases}
    assert rates["uwsgi/hello/hello/open"] == rates["gunicorn/hello/hello/open"] == 600.0
    assert rates["uwsgi/hello/hello/open-50"] == 500.0
    assert rates["uwsgi/hello/hello/open-80"] == 800.0
    assert rates["gunicorn/hello/hello/open-80"] == 1600.0
    assert rates["wsgiref/hello/hello/open-50"] is None, "nothing is known of its capacity"


@pytest.mark.parametrize(
    ("capacity", "rate"), [(0.3, 0.18), (1 / 1.5, 0.4), (1 / 0.7, 0.857), (33.3333, 20.0), (2_345.6, 1_407.0)]
)
def test_sixty_percent_of_a_slow_page_is_sixty_percent(capacity: float, rate: float) -> None:
    plan = with_open_rates(plan_of(), {"uwsgi/hello/hello/closed-16": capacity})
    assert {case.load.rate for case in plan.cases if case.load.model == "open"} == {rate, None}


def test_only_the_first_scenario_is_measured_with_every_load() -> None:
    plan = plan_of("full")
    loads = {
        scenario: {case.load for case in plan.cases if case.scenario == scenario}
        for scenario in ("hello", "follow")
    }
    assert {load.at_once for load in loads["hello"] if load.model == "closed"} == {1, 4, 16, 64}
    assert {load.share for load in loads["hello"] if load.model == "open"} == {None, 0.5, 0.8}
    assert {load.connection for load in loads["hello"]} == {"as-is", "close"}
    assert [(load.model, load.connection) for load in sorted(loads["follow"], key=str)] == [
        ("closed", "as-is"),
        ("open", "as-is"),
    ]


def test_what_is_compared_is_measured_together() -> None:
    plan = plan_of("full")
    orders = block_orders(plan, plan.cases, 1, 1, 0)
    groups = [key for key, _ in groupby((order.scenario, replace(order.load, rate=None)) for order in orders)]
    assert len(groups) == len(set(groups))


def test_a_rate_that_was_asked_for_stays() -> None:
    plan = plan_of(rate=50.0)
    assert {case.load.rate for case in plan.cases if case.load.model == "open"} == {50.0}
    assert with_open_rates(plan, {"uwsgi/hello/hello/closed-16": 1000.0}) == plan


def test_the_time_grows_with_what_there_is_to_do() -> None:
    standard = PROFILES["standard"]
    base = plan_of(standard).expected_s
    assert plan_of(replace(standard, rounds=20)).expected_s == pytest.approx(2 * base, rel=0.05)
    assert plan_of(replace(standard, blocks=60)).expected_s > 1.5 * base
    assert plan_of(replace(standard, twin=False)).expected_s < base


@pytest.mark.parametrize("runtime", ["local", "compose"])
def test_the_standard_comparison_takes_about_five_minutes(runtime: str) -> None:
    servers = [server(name) for name in ("wsgiref", "werkzeug", "waitress", "gunicorn", "uwsgi")]
    plan = make_plan(
        PROFILES["standard"], runtime, servers, [(SHORTLY, SCENARIOS["mixed"])], seed=1, rate=None
    )
    assert 270 < plan.expected_s < 310


BEFORE = Source("main", "1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d")


def plan_against(profile: str = "standard") -> Plan:
    """An old version that has no uwsgi, and another gunicorn."""
    old = [SERVERS[0], replace(SERVERS[1], command=("serve", "--slowly"))]
    return make_plan(
        PROFILES[profile], "local", SERVERS, COMBINATIONS, seed=1, rate=None, against=BEFORE, old_servers=old,
        fail_if=("cpu > 5%",),
    )  # fmt: skip


def test_an_old_version_is_deployed_beside_the_new_one() -> None:
    plan = plan_against()
    old = {d.name: d for d in plan.deployments if d.variant == Variant(OLD, BEFORE)}

    assert (plan.against, plan.fail_if) == (BEFORE, ("cpu > 5%",))
    assert set(old) == {
        f"{name}-old.{app}" for name in ("wsgiref", "gunicorn") for app in ("hello", "shortly")
    }
    assert old["gunicorn-old.hello"].server.command == ("serve", "--slowly")
    assert {d.server.name for d in old.values()} == {"wsgiref", "gunicorn"}
    assert len({d.database for d in plan.deployments}) == len(plan.deployments)
    assert {case.server for case in plan.cases if case.server.endswith("-old")} == {
        "wsgiref-old", "gunicorn-old",
    }  # fmt: skip


def test_both_versions_follow_each_other_in_random_order() -> None:
    plan = plan_against()
    cases = [case for case in plan.cases if case.load.model == "closed"]
    servers = {case.id: case.server for case in cases}
    first = Counter[str]()
    for block in range(200):
        order = [servers[o.case] for o in block_orders(plan, cases, 1, block, 0) if o.scenario == "hello"]
        for name in ("wsgiref", "gunicorn"):
            new, old = order.index(name), order.index(f"{name}-old")
            assert abs(new - old) == 1
            first[name] += new < old

    assert all(60 < count < 140 for count in first.values())


@pytest.mark.parametrize("plan", [plan_against(), plan_of()])
def test_no_deployment_is_always_started_first(plan: Plan) -> None:
    def drawn() -> list[list[str]]:
        return [[one.name for one in starting_order(plan, number)] for number in range(1, 101)]

    orders, names = drawn(), sorted(deployment.name for deployment in plan.deployments)
    assert all(sorted(order) == names for order in orders)
    assert all(after == before[::-1] for before, after in zip(orders[::2], orders[1::2], strict=True))
    assert orders == drawn()
    first = Counter(order[0] for order in orders)
    assert sorted(first) == names
    assert max(first.values()) < 3 * 100 / len(names)


def test_two_versions_share_the_rate_that_the_weaker_one_can_take() -> None:
    plan = plan_against("full")
    capacity = {
        case.id: {"gunicorn": 1000.0, "gunicorn-old": 800.0}.get(case.server, 2000.0)
        for case in plan.cases
        if case.load.model == "closed"
    }
    rated = with_open_rates(plan, capacity)

    shares = {(c.server, c.load.share): c.load.rate for c in rated.cases if c.load.share and c.app == "hello"}
    assert shares["gunicorn", 0.5] == shares["gunicorn-old", 0.5] == 400
    assert shares["uwsgi", 0.8] == 1600


def test_a_server_that_is_only_called_old_is_nobody_s_old_version() -> None:
    """As a target may be."""
    servers = [server(name) for name in ("app", "app-old")]
    plan = make_plan(PROFILES["full"], "local", servers, COMBINATIONS[:1], seed=1, rate=None)
    capacity = {
        case.id: 1000.0 if case.server == "app" else 800.0
        for case in plan.cases
        if case.load.model == "closed"
    }
    rates = {(c.server, c.load.share): c.load.rate for c in with_open_rates(plan, capacity).cases}

    assert rates["app", 0.5] == 500
    assert rates["app-old", 0.5] == 400


def test_trials_of_slow_answers_do_not_settle_for_equally_long() -> None:
    plan = replace(plan_of(), settle_s=0.2)
    closed = [case for case in plan.cases if case.load.waits]
    orders = [order for block in range(50) for order in block_orders(plan, closed, 1, block, 0)]

    settled = [order.settle_s for order in orders]
    assert len(set(settled)) == len(settled)
    assert 0.3 <= min(settled) < 0.32
    assert 0.43 < max(settled) <= 0.45
    assert [order.settle_s for order in block_orders(plan, closed, 1, 0, 0)] == settled[: len(closed)]
