"""Who may ask what, and the answer: HTTP, GraphQL, access, command line."""
