"""The words that every room shares: numbers of law, money, months, evidence and the departments' records."""
