"""Pure rules of webhooks: no I/O, no clock, no random, no ids."""
