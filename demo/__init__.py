"""A synthetic district: five registers as five real systems, and the stories planted in it."""
