"""What intake adds to the operator's console: the checker's verdicts, and the import of the catalogue."""
