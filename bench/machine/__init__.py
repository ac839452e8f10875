"""The machine that measures: its CPUs, processes, counters and signals."""
