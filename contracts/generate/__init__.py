"""The artefacts a partner reads instead of our code: JSON Schemas, one AsyncAPI document, and the breaking-change gate.

Run as `python -m contracts.generate`. The models are the source; what lies on disk is committed so that a change of
the contract is seen in review, as a change of files, and not only as a change of Python.
"""
