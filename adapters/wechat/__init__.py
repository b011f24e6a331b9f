"""WeChat: its port, the client that speaks to it, its push to us, a simulator of its side."""
