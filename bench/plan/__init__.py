"""From what was asked to every case, the order and the time it will take."""
