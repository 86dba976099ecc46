"""A working day of a district, from the counters' morning to the checker's verdict."""
