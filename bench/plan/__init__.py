"""Plans: from what was asked to every case, their order, and the time that a run will take."""
