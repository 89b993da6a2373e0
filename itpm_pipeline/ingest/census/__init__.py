"""The census: who of those we know is still there, and why not.

It runs after the readings of a sync are loaded, so that all it misses was read before. What is missed is asked for by
itself before it is given up: a list may be short for many reasons. An unreadable project is not an empty one: its
issues are not judged, but the project as a whole is marked.
"""
