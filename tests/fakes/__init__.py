"""Stand-ins: a clock that only moves when told, a messenger that notes, people with stories."""
