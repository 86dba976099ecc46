"""What an operator does by hand about parked keys and dead letters.

A command changes the stored documents in one transaction with its entry in `operations`; the worker that leads sees
the change and carries it out (`services/kit/retrier.py`), and notes what came of it in the transaction of the effect.
So API and command line need no consumer, and a worker that dies in between leaves nothing half done.
"""
