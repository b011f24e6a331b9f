"""Business-licence data of the province: its port, its client, a simulator of its far side."""
