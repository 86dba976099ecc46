"""Pure rules of intake: no input or output, no clock, no random, no ids made inside."""
