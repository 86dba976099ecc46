"""The phone networks, simulated: Zalo ZBS template messages and eSMS.vn behind their real protocols.

Neither vendor has a sandbox that reaches ordinary phones, so this process is the only place where the notices of
the demo and of the tests can land. `local.simulators.app.create_app` is the door for tests, `python -m
local.simulators` the one for people.
"""
