"""Routing: agencies, workflows, cases, transfers, deadlines, results, statistics."""
