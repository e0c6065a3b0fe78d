"""PyTorch: data, models, lanes, optimizers, losses, stopping, checkpoints."""
