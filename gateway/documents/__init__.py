"""Questions that we ask ourselves: well-named documents of the product's own pages and commands."""
