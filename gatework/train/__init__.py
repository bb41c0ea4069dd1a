"""Data in, weights out: the training loop and the checkpoints it resumes from. Torch-free at import."""
