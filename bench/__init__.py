"""Benchmarks: how far the pipeline is from what the machine and the trackers allow, measured in the same run.

Times differ from machine to machine; ratios to a floor that was measured beside them differ much less. Nothing here
passes or fails.
"""
