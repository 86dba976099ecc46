"""Pure rules of routing: no input or output, no clock, no random, no ids made inside."""
