"""The departments' registers of the demo district, each a system of its own."""
