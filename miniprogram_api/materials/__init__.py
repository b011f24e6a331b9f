"""Materials: the files that belong to a draft."""
