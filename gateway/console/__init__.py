"""The pages for people: look-up, findings, cases, runs, sources, evaluation, policy."""
