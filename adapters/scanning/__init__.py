"""The virus scanner that every uploaded file passes."""
