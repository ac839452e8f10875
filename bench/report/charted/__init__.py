"""The sections with charts: a suite's figures, drawn by `bench.report.charts`; a module a section."""
