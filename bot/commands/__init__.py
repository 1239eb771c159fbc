"""The commands of the shell, a family a module."""
