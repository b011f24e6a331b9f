"""The ways to a phone."""
