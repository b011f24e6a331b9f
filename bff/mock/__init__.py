"""The mock: the product over simulated outside systems, and a hand on its world."""
