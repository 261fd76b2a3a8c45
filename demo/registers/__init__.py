"""The five departments' registers of the demo district, as five systems of their own."""
