"""The safety bench: messages as patients type them, and whether each takes the right path."""
