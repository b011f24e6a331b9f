"""Assembles and runs the product; imported by nobody."""
