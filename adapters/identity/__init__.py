"""The provincial identity register: its port, the client that asks it, a simulator of its side."""
