"""What people decided: sharing agreements, authorizations, cases."""
