"""How the gate is made and judged, outside serving."""
