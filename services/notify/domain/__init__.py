"""Pure rules of notices: no I/O, no clock, no random, no ids made inside."""
