"""Where uploaded files lie, sealed."""
