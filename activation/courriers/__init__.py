"""The letter, from its code to the print shop, and the message that may take its place."""
