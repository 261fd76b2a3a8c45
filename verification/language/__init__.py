"""The language of the rules: typed expressions, compiled to Python for a household and to SQL for a province."""
