"""The public contract: every type and field that can be asked for, generated from the vocabulary where it can be."""
