"""What every request passes through; one ``install(app)`` each."""
