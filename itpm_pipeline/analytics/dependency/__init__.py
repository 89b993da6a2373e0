"""Who waits for whom, and what must not slip (METRICS.md section 4)."""
