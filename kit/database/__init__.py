"""Tortoise on SQLite and on MariaDB/MySQL, with the remedies both need (docs/decisions/0002)."""
