"""`--scenario FILE`: a user's own requests from a file, every mistake in it named at once with its place."""

from bench.ask.scenario.file import read_scenario as read_scenario
