"""How is an operation executed fast? It is compiled once to Python; graphql-core is the reference and does the rest."""
