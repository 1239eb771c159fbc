"""What is said: procedures, topics and warning signs as data, and how they become text."""
