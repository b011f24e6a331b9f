"""Who is calling: login, sessions, identity checks, consents, guards."""
