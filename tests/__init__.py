"""The suite. It mirrors the code; what cuts across it stands beside: house, contract, journeys."""
