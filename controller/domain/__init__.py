"""What the station knows and decides. Pure: no I/O, no clock, no database; time is an argument."""
