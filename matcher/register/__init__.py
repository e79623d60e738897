"""How anything happens: audited, moved, numbered, told, frozen, found."""
