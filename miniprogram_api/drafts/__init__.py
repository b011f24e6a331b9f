"""Drafts: what a person fills in, saved step by step."""
