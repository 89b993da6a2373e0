"""A simulated company behind real HTTP: Jira Cloud and GitHub servers on loopback, for the demo and the tests.

Imports nothing of the pipeline but its errors, so that it stays an honest counterpart of it.
"""
