"""The ground floor: leaf helpers that import nothing of ours."""
