"""Invitations: others who may fill in or sign a draft."""
