"""What a template may hold, how it is judged, and how it is filled: pure."""
