"""Intake: procedure catalogue, counters, dossiers, receipts, hand-over of results, public tracking."""
