"""A whole district or city: the one part of verification that reads and writes."""
