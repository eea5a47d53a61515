"""What makes the documentation site out of the repository: ``make docs``."""
