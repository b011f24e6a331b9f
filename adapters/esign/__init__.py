"""The provincial e-signature service: its port, the client, a simulator of its side."""
