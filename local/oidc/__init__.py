"""A provider of sign-in for trying things out: everybody may be anybody, so no server takes it.

It says so in its discovery document, listens on the loopback address only, and production settings refuse it.
"""
