"""Charts as SVG: values in, a string out. They know nothing of suites.

Text is `currentColor`, so that a chart fits light and dark. A series is told by marker, dash and label as
well as by its colour. Every coordinate is rounded, so that one run gives the same bytes on every machine.
"""
