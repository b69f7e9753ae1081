"""What people type: one door, one folding, and the rules of each kind of text. No model is known here."""
