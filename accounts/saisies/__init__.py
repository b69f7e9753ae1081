"""What a person types: normalised where it enters, refused by a named rule. Imports no model."""
