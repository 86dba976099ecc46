"""Files from outside: what they are, whether they can be read, how they get into the store and out again."""
