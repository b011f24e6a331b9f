"""Documents: what is made of the answers, to be read and signed."""
