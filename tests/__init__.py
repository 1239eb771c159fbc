"""Stories about patients and staff, with the people and the clock they need."""
