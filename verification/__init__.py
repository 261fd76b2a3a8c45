"""What the records say together: rules, policy packs, income, category, findings."""
