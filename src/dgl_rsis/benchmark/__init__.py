"""Metrics of both tasks."""
