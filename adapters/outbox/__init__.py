"""What must reach others, and what others sent: rows first, deeds after."""
