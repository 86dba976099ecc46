"""Slips as data and as pages to print: the forms, what stands in them, how they look."""
