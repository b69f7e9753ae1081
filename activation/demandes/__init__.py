"""The life of a demande: laid down, activated by its code, expired, refused or taken back."""
