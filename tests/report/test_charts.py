"""Axes, labels that keep apart, and SVG that holds whatever a name is."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest

from bench.report.charts import curves, history, intervals, lines, panels, scatter, strips, svg
from bench.report.charts.axes import spread
from bench.report.charts.scale import Linear, Log, Scale, fitting, linear_ticks, log_ticks

HOSTILE = '</title></svg><script>alert("1")</script>&amp;\'"'
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 10, [0, 2, 4, 6, 8, 10]),
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0.1, 0.35, [0.1, 0.15, 0.2, 0.25, 0.3, 0.35]),
        (2950, 3310, [3000, 3100, 3200, 3300]),
        (0, 3_400, [0, 1000, 2000, 3000]),
    ],
)
def test_linear_ticks_are_round(low: float, high: float, expected: Sequence[float]) -> None:
    assert linear_ticks(low, high) == expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (1, 10, [1, 1.5, 2, 3, 5, 7, 10]),
        (0.2, 60, [0.2, 0.5, 1, 2, 5, 10, 20, 50]),
        (1, 10_000, [1, 10, 100, 1000, 10_000]),
        (3.1, 3.4, [3.1, 3.15, 3.2, 3.25, 3.3, 3.35, 3.4]),
    ],
)
def test_log_ticks_are_round(low: float, high: float, expected: Sequence[float]) -> None:
    assert log_ticks(low, high) == expected


@pytest.mark.parametrize("low", [1e-6, 0.37, 1, 999, 12_345])
@pytest.mark.parametrize("ratio", [1.0001, 1.3, 9, 11, 250, 1e7])
@pytest.mark.parametrize("ticks", [linear_ticks, log_ticks])
def test_ticks_are_few_distinct_and_within(
    low: float, ratio: float, ticks: Callable[[float, float], Sequence[float]]
) -> None:
    found = ticks(low, low * ratio)
    assert 1 <= len(found) <= 8
    assert list(found) == sorted(set(found))
    assert low * (1 - 1e-9) <= found[0]
    assert found[-1] <= low * ratio * (1 + 1e-9)


@pytest.mark.parametrize("scale", [Linear(0, 50, 100, 600), Log(0.5, 50, 100, 600), Log(0.5, 50, 600, 100)])
def test_a_scale_goes_from_edge_to_edge_and_no_further(scale: Scale) -> None:
    assert scale.place(scale.low) == pytest.approx(100 if scale.place(1e9) == 600 else 600)
    assert {scale.place(0.0), scale.place(scale.low)} | {scale.place(1e9)} == {100, 600}
    assert 100 < scale.place(5) < 600


def test_equal_ratios_are_equal_distances() -> None:
    scale = Log(1, 1000, 0, 300)
    assert [round(scale.place(value), 6) for value in (1, 10, 100, 1000)] == [0, 100, 200, 300]


def test_an_axis_fits_its_values() -> None:
    assert isinstance(fitting([1, 11], 0, 1), Log)
    assert fitting([400, 900], 0, 1).low == 0
    assert 0 < fitting([800, 900], 0, 1).low < 800
    assert fitting([800, 900], 0, 1, from_zero=True).low == 0
    for values in ([], [0.0], [7.0], [0.0, 5.0]):
        scale = fitting(values, 0, 1)
        assert scale.high > scale.low == 0
        assert all(0 <= scale.place(value) <= 1 for value in values)


def test_labels_keep_apart_and_in_order() -> None:
    wanted = [50.0, 51.0, 300.0, 52.0, 10.0, 399.0, 398.0]
    places = spread(wanted, 0, 400, 15)
    assert [places.index(p) for p in sorted(places)] == [wanted.index(w) for w in sorted(wanted)]
    assert all(b - a >= 15 - 1e-6 for a, b in pairwise(sorted(places)))
    assert places[2] == 300
    assert min(places) >= 0
    assert max(places) <= 400


def test_names_of_points_do_not_cover_each_other() -> None:
    places = [(200.0, 200.0), (215.0, 203.0), (230.0, 260.0), (839.0, 40.0)]
    found = scatter.labels(places, ["gunicorn", "uwsgi", "waitress", "wsgiref"])
    assert found is not None
    assert all(a.overlap(b) == 0 for a, b in combinations(found, 2))
    assert found[-1].right < 839


def test_points_too_close_for_names_have_them_in_a_column() -> None:
    assert scatter.labels([(200.0 + n, 200.0) for n in range(6)], ["gunicorn"] * 6) is None
    points = [scatter.Point(svg.series(str(n), n), 0.3, 50.0) for n in range(6)]
    drawn = scatter.draw("s", "t", "d", "x", "y", points)
    found = re.findall(r'<text x="([\d.]+)" y="([\d.]+)">\d</text>', drawn)
    assert len({x for x, _ in found}) == 1
    assert len({y for _, y in found}) == 6


def test_the_first_sixty_servers_look_different() -> None:
    looks = [svg.series(str(number), number) for number in range(60)]
    assert len({(one.colour, one.marker, one.dash) for one in looks}) == 60
    assert len({one.marker for one in looks[:5]}) == 5


@pytest.mark.parametrize(
    ("value", "written"),
    [(1, "1"), (1.25, "1.2"), (-0.04, "0"), (1 / 3, "0.3"), (10.0, "10"), (1e6, "1000000")],
)
def test_coordinates_have_one_decimal(value: float, written: str) -> None:
    assert svg.fixed(value) == written


def test_nines() -> None:
    assert [round(curves.nines(share), 9) for share in (0.0, 0.9, 0.99, 0.999)] == [0, 1, 2, 3]
    assert curves.percentile(0.999) == "p99.9"


def test_strips_reach_as_far_as_nearly_all_trials() -> None:
    assert strips.band([]) == strips.band([1.0, 1.01]) == pytest.approx(0.1)
    assert strips.band([1.2] * 99 + [9.0]) == pytest.approx(0.24)
    assert strips.band([3.0] * 10) == 1


def hostile_charts(name: str) -> dict[str, str]:
    one, twin = svg.series(name, 0), svg.series("b", 5, name, hollow=True)
    interval = intervals.Interval(one, 3.0, 2.9, 3.1, [2.5, 3.5], name, valid=False)
    nothing = intervals.Interval(twin, None, None, None, [], name)
    strip = strips.Strip(one, [(0.0, 1.0), (5.0, math.pi)], name, valid=False)
    points = [(0.1, 1.0), (0.5, 2.0), (0.99, 2.0)]
    return {
        "intervals": intervals.draw("i", name, name, name, [interval, nothing]),
        "curves": curves.draw("c", name, name, name, [curves.Curve(one, points), curves.Curve(twin, points)]),
        "lines": lines.draw(
            "l",
            name,
            name,
            (name, name),
            [name, name],
            [lines.Line(one, [points, []]), lines.Line(twin, [[], points])],
        ),
        "scatter": scatter.draw("s", name, name, name, name, [scatter.Point(one, 1.0, 0.0)]),
        "strips": strips.draw("t", name, name, [strip], [strips.Span(name, 2.0, 6.0)]),
        "panels": panels.draw(
            "m", name, name, name, [panels.Panel(name, [panels.MedianAndP99(one, 1.0, 5.0)])] * 3
        ),
        "nothing": intervals.draw("n", name, name, name, []) + strips.draw("o", name, name, [], []),
    }


@pytest.mark.parametrize("kind", hostile_charts(""))
def test_no_name_is_markup(kind: str) -> None:
    drawn = hostile_charts(HOSTILE)[kind]
    root = ElementTree.fromstring(f'<all xmlns="http://www.w3.org/2000/svg">{drawn}</all>')
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "all", "svg", "title", "desc", "defs", "pattern", "g", "path", "rect", "circle", "text",
    }  # fmt: skip
    assert not any(key.startswith("on") for element in root.iter() for key in element.attrib)
    assert HOSTILE in [element.text for element in root.iter(f"{SVG}title")]


@pytest.mark.parametrize("kind", hostile_charts(""))
def test_a_chart_is_read_aloud_and_written_alike_everywhere(kind: str) -> None:
    drawn = hostile_charts("gunicorn")[kind]
    root = ElementTree.fromstring(f"<all>{drawn}</all>")
    for chart in root:
        assert chart.get("role") == "img"
        ids = {element.get("id") for element in chart}
        assert set(chart.get("aria-labelledby", "").split()) <= ids
        assert [element.tag for element in chart][:2] == ["title", "desc"]
    assert not re.search(r"\d\.\d{2,}|nan|inf", re.sub(r">[^<]*<", "><", drawn))


def test_a_line_has_a_marker_for_each_point_and_one_beside_its_name() -> None:
    points = [(100.0, 1.0), (500.0, 2.0), (900.0, 30.0)]
    drawn = lines.draw(
        "l", "t", "d", ("x", "y"), ["p50", "p99"], [lines.Line(svg.series("a", 0), [points, points[:1]])]
    )
    assert drawn.count("<circle") == 3 + 1 + 1
    assert drawn.count('class="curve"') == 1


def test_a_twin_goes_with_its_server() -> None:
    drawn = hostile_charts("gunicorn")["intervals"]
    assert re.findall('data-server="([^"]*)"', drawn) == ["gunicorn", "b"]


def heights(drawn: str, server: str) -> list[float]:
    """Where the markers of a history stand."""
    marks = drawn.partition(f'data-server="{server}"')[2]
    return [float(y) for y in re.findall(r'<circle cx="[^"]*" cy="([^"]*)"', marks)]


def test_one_wide_interval_does_not_flatten_a_history() -> None:
    sure = [history.Moment("2026-01-01", value, value - 1, value + 1) for value in (100.0, 150.0)]
    unsure = history.Moment("2026-01-02", 120.0, 0.001, 1e6)
    drawn = history.draw("h", "t", "d", "ms", svg.series("a", 0), [*sure, unsure], "120 ms")
    lowest, highest, _ = heights(drawn, "a")
    assert lowest - highest > 15
    assert all(44 <= y <= 150 for y in heights(drawn, "a"))


def test_a_history_without_any_figure_is_drawn() -> None:
    none = [history.Moment("2026-01-01", None, None, None, valid=False)] * 2
    drawn = history.draw("h", "t", "d", "ms", svg.series("a", 0), none, "newest not valid")
    assert drawn.count("\N{MULTIPLICATION SIGN}</text>") == 2
    ElementTree.fromstring(drawn)
