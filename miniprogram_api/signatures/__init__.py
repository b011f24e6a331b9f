"""Signatures: who has to sign what, and what they saw."""
