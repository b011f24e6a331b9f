"""Test data made the way a phone makes it."""
