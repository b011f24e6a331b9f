"""Everything between us and others."""
