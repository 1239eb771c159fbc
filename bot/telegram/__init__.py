"""Everything that knows the Bot API: how requests travel and end, in which order they come."""
