"""One conversation with one patient: which words and buttons do what."""
