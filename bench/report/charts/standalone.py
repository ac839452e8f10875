"""A chart as a file of its own, such as a README shows: it brings its style along, for light and dark.

An image is not told the theme of the page around it, only that of the reader's system. So it has a ground of
its own: where the two differ it is a card of the other theme, and still readable.
"""

from __future__ import annotations

from bench.report.charts.svg import WIDTH, element

_LIGHT = "--text: #1b1b1b; --faint: #565656; --ground: #fff; --line: #d4d4d4; --hatch: #e6e6e6;"
_DARK = "--text: #ececec; --faint: #b0b0b0; --ground: #161616; --line: #444; --hatch: #303030;"
_STYLE = f"""
svg {{ {_LIGHT} color: var(--text); }}
@media (prefers-color-scheme: dark) {{ svg {{ {_DARK} }} }}
text {{ font: 12px system-ui, sans-serif; fill: currentColor; }}
.faint {{ fill: var(--faint); font-size: 11px; }}
.ground {{ fill: var(--ground); }}
.halo {{ paint-order: stroke; stroke: var(--ground); stroke-width: 3px; stroke-linejoin: round; }}
.grid {{ stroke: var(--line); }}
.stripe {{ stroke: var(--hatch); stroke-width: 2.5; }}
.trials {{ stroke-opacity: .4; }}
.interval {{ stroke: currentColor; stroke-width: 2; fill: none; }}
.halo-line {{ stroke: var(--ground); stroke-width: 5; fill: none; }}
"""


def standalone(svg: str) -> str:
    """The file's text.

    Args:
        svg: a chart as `intervals.draw` returns it.
    """
    opening, _, rest = svg.partition(">")
    ground = element("rect", width="100%", height="100%", class_="ground")
    root = f'{opening} xmlns="http://www.w3.org/2000/svg" width="{WIDTH}">'
    return f"{root}<style>{_STYLE}</style>{ground}{rest}\n"
