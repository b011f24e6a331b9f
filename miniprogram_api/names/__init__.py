"""Names: keeping the one that a company to be opened will have."""
