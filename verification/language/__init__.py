"""The rule language: typed expressions, compiled to Python for a household and to SQL for a city."""
