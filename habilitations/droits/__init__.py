"""Who may: roles, the permission backend, the 100-SIREN perimeter."""
