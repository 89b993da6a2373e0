"""The company itself: who works there, what they work on, and eighteen months of what happened."""
