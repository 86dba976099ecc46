"""Ways to break a running installation on purpose; no service knows of them."""
