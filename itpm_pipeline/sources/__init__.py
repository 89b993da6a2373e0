"""One package per kind of tracker: how to read it, and how its records become canonical rows."""
