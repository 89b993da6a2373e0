"""Telling people: a message, and the ways to send it."""
