"""Forecasts of delivery and how good they were: METRICS.md section 3.3."""
