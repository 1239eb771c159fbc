"""A message to many from the group: what to say, to whom, when, seen first, then watched.

Every choice is kept in the broadcast's row before the card shows it, so a restart loses none.
"""
