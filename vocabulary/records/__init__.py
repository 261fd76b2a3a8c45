"""What each department records: one module a department."""
