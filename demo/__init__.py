"""A synthetic district: seven registers as seven real systems, and the stories planted in it."""
