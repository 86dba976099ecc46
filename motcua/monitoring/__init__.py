"""Prometheus rules and a Grafana dashboard, made from the catalogue of metrics and alerts."""
