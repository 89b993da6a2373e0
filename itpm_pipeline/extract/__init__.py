"""Reading any tracker: records, sources, HTTP policy, rate budget. Knows no tracker by name."""
