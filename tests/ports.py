"""A port that nobody listens on, outside the range the kernel gives to clients."""

from local.engines.ports import choose_port as free_port

__all__ = ["free_port"]
