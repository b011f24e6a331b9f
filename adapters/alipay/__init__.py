"""Alipay: its port, the client that speaks to it, its notices to us, a simulator of its side."""
