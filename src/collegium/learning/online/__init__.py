"""What outcomes teach while traffic flows: the choice of models at once, the gate by proposal."""
