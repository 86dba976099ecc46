"""`make chaos`: the whole system under load while one thing after the other is broken; then the checker's word."""
