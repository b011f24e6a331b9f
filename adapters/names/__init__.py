"""The province's library of company names: its port, the client that asks it, a simulator of it."""
