"""The trainer's library: the model, its optimizer, its data and its checkpoints."""
