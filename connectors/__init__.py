"""What each department says: one module a department, one a transport."""
